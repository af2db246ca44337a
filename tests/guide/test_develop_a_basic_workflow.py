"""Guide: "Develop a basic Workflow"."""
from datetime import timedelta

import pytest
from observe import WORKFLOW_TASK, decoded, events_of, name_of, names_of, only, run_worker
from temporalio.client import WorkflowExecutionStatus
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode
from your_activities_dacx import your_activity
from your_workflows_dacx import YourWorkflow


async def test_the_workflow_runs_its_activity_and_returns_its_result(client, queue):
    async with run_worker(client, queue, [YourWorkflow], [your_activity]):
        result = await client.execute_workflow(YourWorkflow.run, "World", id=queue, task_queue=queue)
    assert result == "Hello, World!"
    assert await names_of(client.get_workflow_handle(queue)) == [
        "WorkflowExecutionStarted", *WORKFLOW_TASK, "ActivityTaskScheduled", "ActivityTaskStarted",
        "ActivityTaskCompleted", *WORKFLOW_TASK, "WorkflowExecutionCompleted"]


async def test_the_history_says_what_was_asked_for(client, queue):
    async with run_worker(client, queue, [YourWorkflow], [your_activity]):
        handle = await client.start_workflow(YourWorkflow.run, "World", id=queue, task_queue=queue)
        await handle.result()

    started = await only(handle, "WorkflowExecutionStarted")
    assert started.workflow_type.name == "YourWorkflow"
    assert started.task_queue.name == queue
    assert started.workflow_id == queue
    assert started.original_execution_run_id == started.first_execution_run_id == handle.first_execution_run_id
    assert decoded(started.input) == ["World"]
    assert started.input.payloads[0].metadata["encoding"] == b"json/plain"
    assert started.attempt == 1
    assert started.workflow_task_timeout.ToTimedelta() == timedelta(seconds=10)
    assert started.identity == client.identity

    scheduled = await only(handle, "ActivityTaskScheduled")
    assert scheduled.activity_type.name == "your_activity"
    assert scheduled.activity_id == "1"
    assert scheduled.task_queue.name == queue
    assert decoded(scheduled.input) == [{"greeting": "Hello", "name": "World"}]
    assert scheduled.start_to_close_timeout.ToTimedelta() == timedelta(seconds=10)
    assert scheduled.workflow_task_completed_event_id == 4
    policy = scheduled.retry_policy
    assert policy.initial_interval.ToTimedelta() == timedelta(seconds=1)
    assert policy.backoff_coefficient == 2
    assert policy.maximum_interval.ToTimedelta() == timedelta(seconds=100)
    assert policy.maximum_attempts == 0

    activity_started = await only(handle, "ActivityTaskStarted")
    assert (activity_started.scheduled_event_id, activity_started.attempt) == (5, 1)
    activity_completed = await only(handle, "ActivityTaskCompleted")
    assert (activity_completed.scheduled_event_id, activity_completed.started_event_id) == (5, 6)
    assert decoded(activity_completed.result) == ["Hello, World!"]

    completed = await only(handle, "WorkflowExecutionCompleted")
    assert decoded(completed.result) == ["Hello, World!"]
    assert completed.workflow_task_completed_event_id == 10


async def test_event_ids_are_dense_and_times_do_not_run_backwards(client, queue):
    async with run_worker(client, queue, [YourWorkflow], [your_activity]):
        await client.execute_workflow(YourWorkflow.run, "World", id=queue, task_queue=queue)
    events = await events_of(client.get_workflow_handle(queue))
    assert [event.event_id for event in events] == list(range(1, 12))
    times = [event.event_time.ToNanoseconds() for event in events]
    assert times == sorted(times) and times[0] > 0


async def test_a_started_run_can_be_described_and_looked_up_again(client, queue):
    handle = await client.start_workflow(YourWorkflow.run, "World", id=queue, task_queue=queue)
    running = await handle.describe()
    assert running.status == WorkflowExecutionStatus.RUNNING
    assert (running.id, running.run_id, running.workflow_type, running.task_queue) == (
        queue, handle.first_execution_run_id, "YourWorkflow", queue)

    async with run_worker(client, queue, [YourWorkflow], [your_activity]):
        assert await handle.result() == "Hello, World!"
        # Asked again, by id only and as often as one likes, a closed run gives the same answer.
        assert await client.get_workflow_handle(queue).result() == "Hello, World!"

    closed = await handle.describe()
    assert closed.status == WorkflowExecutionStatus.COMPLETED
    assert closed.history_length == 11
    assert closed.start_time <= closed.close_time


async def test_an_id_that_runs_is_not_started_twice(client, queue):
    first = await client.start_workflow(YourWorkflow.run, "World", id=queue, task_queue=queue)
    with pytest.raises(WorkflowAlreadyStartedError) as refused:
        await client.start_workflow(YourWorkflow.run, "Moon", id=queue, task_queue=queue)
    assert refused.value.run_id == first.first_execution_run_id
    async with run_worker(client, queue, [YourWorkflow], [your_activity]):
        assert await first.result() == "Hello, World!"
        # The default reuse policy lets a closed id run again.
        again = await client.start_workflow(YourWorkflow.run, "Moon", id=queue, task_queue=queue)
        assert await again.result() == "Hello, Moon!"
    assert again.first_execution_run_id != first.first_execution_run_id


async def test_an_unknown_id_is_not_found(client, queue):
    with pytest.raises(RPCError) as refused:
        await client.get_workflow_handle(queue).describe()
    assert refused.value.status == RPCStatusCode.NOT_FOUND
    with pytest.raises(RPCError) as refused:
        await client.get_workflow_handle(queue).result()
    assert refused.value.status == RPCStatusCode.NOT_FOUND


def test_every_event_has_a_name():
    from temporalio.api.history.v1 import HistoryEvent
    event = HistoryEvent(event_type="EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED")
    assert name_of(event) == "ActivityTaskCancelRequested"
