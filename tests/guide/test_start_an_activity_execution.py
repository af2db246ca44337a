"""Guide: "Start an Activity Execution"."""
from datetime import timedelta

import pytest
import starting_activities
from observe import all_of, attributes, events_of, name_of, names_of, only, run_worker, until_event
from starting_activities import (STARTING_ACTIVITIES, STARTING_WORKFLOWS, ExecutesInOneGo, SetsEveryOption,
                                 StartsAndAwaits, StartsSeveral, StartsWithSameId, UsesOtherQueue)
from temporalio.api.enums.v1 import WorkflowTaskFailedCause


@pytest.fixture
async def worker(client, queue):
    async with run_worker(client, queue, STARTING_WORKFLOWS, STARTING_ACTIVITIES):
        yield


async def test_an_execution_leaves_three_events_that_point_to_each_other(client, queue, worker):
    assert await client.execute_workflow(ExecutesInOneGo.run, id=queue, task_queue=queue) == "one"
    events = await events_of(client.get_workflow_handle(queue))
    mine = [event for event in events if name_of(event).startswith("ActivityTask")]
    assert [name_of(event) for event in mine] == [
        "ActivityTaskScheduled", "ActivityTaskStarted", "ActivityTaskCompleted"]
    scheduled, started, completed = mine
    assert attributes(scheduled).workflow_task_completed_event_id == scheduled.event_id - 1
    assert attributes(started).scheduled_event_id == scheduled.event_id
    assert attributes(started).identity == client.identity
    assert attributes(completed).scheduled_event_id == scheduled.event_id
    assert attributes(completed).started_event_id == started.event_id


async def test_a_handle_is_awaited_when_the_workflow_likes(client, queue, worker):
    result = await client.execute_workflow(StartsAndAwaits.run, id=queue, task_queue=queue)
    assert result == [False, True, "one-two", "one-two"]
    assert (await only(client.get_workflow_handle(queue), "ActivityTaskScheduled")).activity_id == "chosen-id"


async def test_several_handles_run_at_the_same_time(client, queue, worker):
    starting_activities.MEETING.clear()
    assert await client.execute_workflow(StartsSeveral.run, 5, id=queue, task_queue=queue) == [5] * 5
    handle = client.get_workflow_handle(queue)
    names = await names_of(handle)
    assert names[4:9] == ["ActivityTaskScheduled"] * 5
    assert names.count("ActivityTaskStarted") == names.count("ActivityTaskCompleted") == 5
    completed = await all_of(handle, "ActivityTaskCompleted")
    assert sorted(event.scheduled_event_id for event in completed) == [5, 6, 7, 8, 9]


async def test_an_activity_may_run_on_another_queue(client, queue, worker):
    other = queue + "-other"
    async with run_worker(client, other, [], STARTING_ACTIVITIES):
        result = await client.execute_workflow(UsesOtherQueue.run, other, id=queue, task_queue=queue)
    assert result == [queue, other]
    scheduled = await all_of(client.get_workflow_handle(queue), "ActivityTaskScheduled")
    assert [event.task_queue.name for event in scheduled] == [queue, other]


async def test_every_option_is_in_the_history(client, queue, worker):
    assert await client.execute_workflow(SetsEveryOption.run, id=queue, task_queue=queue) == "x"
    handle = client.get_workflow_handle(queue)
    scheduled = await only(handle, "ActivityTaskScheduled")
    assert scheduled.activity_id == "all options"
    assert [getattr(scheduled, name).ToTimedelta().total_seconds() for name in (
        "schedule_to_close_timeout", "schedule_to_start_timeout", "start_to_close_timeout", "heartbeat_timeout")] == [
            9, 8, 7, 6]
    policy = scheduled.retry_policy
    assert policy.initial_interval.ToTimedelta() == timedelta(seconds=2)
    assert policy.backoff_coefficient == 3
    assert policy.maximum_interval.ToTimedelta() == timedelta(seconds=40)
    assert policy.maximum_attempts == 4
    assert list(policy.non_retryable_error_types) == ["ValueError", "KeyError"]
    event = next(event for event in await events_of(handle) if name_of(event) == "ActivityTaskScheduled")
    assert event.user_metadata.summary.data == b'"what it is for"'


async def test_an_id_in_use_fails_the_task_and_not_the_run(client, queue, worker):
    handle = await client.start_workflow(StartsWithSameId.run, id=queue, task_queue=queue)
    failed = await until_event(handle, "WorkflowTaskFailed")
    assert failed.cause == WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_SCHEDULE_ACTIVITY_DUPLICATE_ID
    assert "ActivityTaskScheduled" not in await names_of(handle)
    await handle.terminate()
