"""Guide: "Register types": the same types on every worker of a queue, and what happens when they differ."""
from datetime import timedelta

import pytest
from observe import names_of, only, pending_activity, run_worker, until, until_event
from temporalio.api.enums.v1 import PendingActivityState, WorkflowTaskFailedCause
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.worker import Worker
from unregistered import OtherWorkflow, RegisteredLater, other_activity, registered_later


async def test_a_worker_takes_workflows_activities_or_both(client, queue):
    with pytest.raises(ValueError, match="At least one"):
        Worker(client, task_queue=queue)
    async with run_worker(client, queue, [OtherWorkflow]), run_worker(client, queue, [], [other_activity]):
        assert await client.execute_workflow(OtherWorkflow.run, id=queue, task_queue=queue) == "other"


async def test_what_is_not_decorated_cannot_be_registered(client, queue):
    class Plain:
        pass

    async def plain():
        pass
    with pytest.raises(ValueError):
        Worker(client, task_queue=queue, workflows=[Plain])
    with pytest.raises(TypeError):
        Worker(client, task_queue=queue, activities=[plain])


async def test_a_workflow_type_that_nobody_registered_fails_its_task_until_someone_does(client, queue):
    handle = await client.start_workflow(RegisteredLater.run, id=queue, task_queue=queue,
                                         task_timeout=timedelta(seconds=3))
    async with run_worker(client, queue, [OtherWorkflow], [registered_later]):
        failed = await until_event(handle, "WorkflowTaskFailed")
        assert failed.cause == WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE
        assert "RegisteredLater" in failed.failure.message
        assert failed.failure.application_failure_info.type == "NotFoundError"
        assert (await handle.describe()).status == WorkflowExecutionStatus.RUNNING
    async with run_worker(client, queue, [RegisteredLater], [registered_later]):
        assert await handle.result() == "registered"
    assert (await names_of(handle))[-1] == "WorkflowExecutionCompleted"


async def test_an_activity_type_that_nobody_registered_fails_its_attempt_until_someone_does(client, queue):
    handle = await client.start_workflow(RegisteredLater.run, id=queue, task_queue=queue)
    async with run_worker(client, queue, [RegisteredLater], [other_activity]):
        async def was_refused():
            pending = await pending_activity(handle)
            return pending if pending and pending.attempt > 1 else None
        pending = await until(was_refused, "an attempt failed")
        assert "registered_later" in pending.last_failure.message
        assert pending.last_failure.application_failure_info.type == "NotFoundError"
        assert (await handle.describe()).status == WorkflowExecutionStatus.RUNNING
        names = await names_of(handle)
        assert "ActivityTaskFailed" not in names and "WorkflowTaskFailed" not in names
    async with run_worker(client, queue, [RegisteredLater], [registered_later]):
        assert await handle.result() == "registered"
    started = await only(handle, "ActivityTaskStarted")
    assert started.attempt > 1
    assert started.last_failure.application_failure_info.type == "NotFoundError"


async def test_a_worker_without_activities_leaves_them_to_others(client, queue):
    handle = await client.start_workflow(RegisteredLater.run, id=queue, task_queue=queue)
    async with run_worker(client, queue, [RegisteredLater]):
        await until_event(handle, "ActivityTaskScheduled")
        pending = await pending_activity(handle)
        assert pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
        assert pending.attempt == 1
        async with run_worker(client, queue, [], [registered_later]):
            assert await handle.result() == "registered"
    assert (await only(handle, "ActivityTaskStarted")).attempt == 1


async def test_two_workers_that_differ_finish_the_work_between_them(client, target, queue):
    """One worker of the queue lacks the workflow type: its tasks fail, those of the other do not."""
    async with run_worker(await Client.connect(target), queue, [OtherWorkflow], [other_activity], identity="lacks-it"):
        async with run_worker(client, queue, [RegisteredLater], [registered_later, other_activity], identity="has-it"):
            for number in range(6):
                handle = await client.start_workflow(RegisteredLater.run, id=f"{queue}-{number}", task_queue=queue,
                                                     task_timeout=timedelta(seconds=3))
                assert await handle.result() == "registered"
                names = await names_of(handle)
                assert "WorkflowExecutionFailed" not in names
