"""Guide: "Get the results of an Activity Execution": handles, their results, failures and cancellation."""
import pytest
from observe import all_of, names_of, only, pending_activity, run_worker, until, until_event
from results_and_cancellation import (HANDLE_ACTIVITIES, HANDLE_WORKFLOWS, SEEN, AwaitsInAnotherOrder, CancelsHandle,
                                      GoesOnMeanwhile, HandlesFailure, IsCancelledAsAWhole)
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError
from temporalio.exceptions import CancelledError
from temporalio.workflow import ActivityCancellationType


@pytest.fixture
async def worker(client, queue):
    async with run_worker(client, queue, HANDLE_WORKFLOWS, HANDLE_ACTIVITIES):
        yield


async def running_activity(handle):
    async def runs():
        pending = await pending_activity(handle)
        return pending is not None and pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
    await until(runs, "the activity runs")


async def start_and_cancel(client, queue, name, cancellation, *, at_once=False, activity_queue=None):
    arguments = [name, activity_queue or queue, int(cancellation), at_once]
    handle = await client.start_workflow(CancelsHandle.run, args=arguments, id=queue, task_queue=queue)
    if not at_once:
        if activity_queue:
            await until_event(handle, "ActivityTaskScheduled")
        else:
            await running_activity(handle)
        await handle.signal(CancelsHandle.cancel)
    return handle


async def test_results_are_taken_in_any_order_and_more_than_once(client, queue, worker):
    result = await client.execute_workflow(AwaitsInAnotherOrder.run, id=queue, task_queue=queue)
    assert result == ["released", "held", "released", "held"]
    completed = await all_of(client.get_workflow_handle(queue), "ActivityTaskCompleted")
    assert sorted(event.scheduled_event_id for event in completed) == [5, 6]


async def test_the_workflow_goes_on_while_the_activity_runs(client, queue, worker):
    result = await client.execute_workflow(GoesOnMeanwhile.run, id=queue, task_queue=queue)
    assert result == ["meanwhile", False, "held"]
    scheduled = await all_of(client.get_workflow_handle(queue), "ActivityTaskScheduled")
    completed = await all_of(client.get_workflow_handle(queue), "ActivityTaskCompleted")
    assert [event.activity_type.name for event in scheduled] == ["hold", "wait_and_say", "release"]
    # The first to be scheduled was not the first to complete.
    assert completed[0].scheduled_event_id > 5


async def test_a_failure_is_raised_where_the_handle_is_awaited(client, queue, worker):
    result = await client.execute_workflow(HandlesFailure.run, id=queue, task_queue=queue)
    assert result == ["Activity task failed", "Expected: this time", "plan B", "ActivityError"]
    names = await names_of(client.get_workflow_handle(queue))
    assert names.index("ActivityTaskFailed") < names.index("ActivityTaskCompleted")


async def test_try_cancel_ends_the_handle_at_once_and_tells_the_activity(client, queue, worker):
    handle = await start_and_cancel(client, queue, "beat_until_cancelled", ActivityCancellationType.TRY_CANCEL)
    assert (await handle.result())[:1] == ["CancelledError"]
    requested = await only(handle, "ActivityTaskCancelRequested")
    assert requested.scheduled_event_id == 5
    # The run is over; its activity learns that from its next heartbeat.
    async def told():
        return SEEN.get(queue)
    assert await until(told, "the activity was cancelled") == ["cancelled"]


async def test_wait_cancellation_completed_waits_for_the_activity(client, queue, worker):
    handle = await start_and_cancel(client, queue, "beat_until_cancelled",
                                    ActivityCancellationType.WAIT_CANCELLATION_COMPLETED)
    assert (await handle.result())[:1] == ["CancelledError"]
    assert SEEN[queue] == ["cancelled"]
    canceled = await only(handle, "ActivityTaskCanceled")
    names = await names_of(handle)
    assert names[canceled.latest_cancel_requested_event_id - 1] == "ActivityTaskCancelRequested"
    assert canceled.scheduled_event_id == 5 and names[canceled.started_event_id - 1] == "ActivityTaskStarted"


async def test_a_cancelled_activity_may_still_return(client, queue, worker):
    handle = await start_and_cancel(client, queue, "finish_although_cancelled",
                                    ActivityCancellationType.WAIT_CANCELLATION_COMPLETED)
    assert await handle.result() == ["returned", "finished all the same", False]
    names = await names_of(handle)
    assert names.index("ActivityTaskCancelRequested") < names.index("ActivityTaskCompleted")


async def test_a_cancelled_activity_may_still_fail(client, queue, worker):
    handle = await start_and_cancel(client, queue, "fail_when_cancelled",
                                    ActivityCancellationType.WAIT_CANCELLATION_COMPLETED)
    assert (await handle.result())[:2] == ["ApplicationError", "could not clean up"]
    assert "ActivityTaskFailed" in await names_of(handle)


async def test_abandon_does_not_ask_the_activity_to_end(client, queue, worker):
    handle = await start_and_cancel(client, queue, "beat_until_cancelled", ActivityCancellationType.ABANDON)
    assert (await handle.result())[0].startswith("CancelledError")
    assert "ActivityTaskCancelRequested" not in await names_of(handle)


async def test_an_activity_that_no_worker_took_is_cancelled_by_the_server(client, queue, worker):
    handle = await start_and_cancel(client, queue, "beat_until_cancelled",
                                    ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
                                    activity_queue=queue + "-nobody")
    assert (await handle.result())[:1] == ["CancelledError"]
    canceled = await only(handle, "ActivityTaskCanceled")
    assert canceled.started_event_id == 0
    assert canceled.latest_cancel_requested_event_id > 0
    assert "ActivityTaskStarted" not in await names_of(handle)


async def test_a_handle_cancelled_in_its_own_task_leaves_nothing_behind(client, queue, worker):
    handle = await start_and_cancel(client, queue, "beat_until_cancelled", ActivityCancellationType.TRY_CANCEL,
                                    at_once=True)
    assert (await handle.result())[0].startswith("CancelledError")
    assert "ActivityTaskScheduled" not in await names_of(handle)


async def test_cancelling_the_run_cancels_its_activity_and_then_the_run(client, queue, worker):
    handle = await client.start_workflow(IsCancelledAsAWhole.run, id=queue, task_queue=queue)
    await running_activity(handle)
    await handle.cancel()
    with pytest.raises(WorkflowFailureError) as ended:
        await handle.result()
    assert isinstance(ended.value.cause, CancelledError)
    names = [name for name in await names_of(handle) if "Cancel" in name]
    assert names == ["WorkflowExecutionCancelRequested", "ActivityTaskCancelRequested", "ActivityTaskCanceled",
                     "WorkflowExecutionCanceled"]
    assert (await handle.describe()).status == WorkflowExecutionStatus.CANCELED
