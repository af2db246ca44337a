"""Guide: "Define Activity return values": what may be returned, and how much."""
import pytest
from activity_results import RESULT_ACTIVITIES, AsksForFunction, CollectsResults
from observe import WORKFLOW_TASK, all_of, decoded, names_of, only, run_worker, until_event
from payload_sizes import SIZE_ACTIVITIES, SIZE_WORKFLOWS, CallsWithSize, ReturnsText
from temporalio.api.enums.v1 import RetryState, WorkflowTaskFailedCause
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError, TerminatedError

MIB = 1024 * 1024
JUST_UNDER = 2 * MIB - 100
JUST_OVER = 2 * MIB + 1


async def test_each_safe_kind_of_value_comes_back(client, queue):
    async with run_worker(client, queue, [CollectsResults], RESULT_ACTIVITIES):
        result = await client.execute_workflow(CollectsResults.run, id=queue, task_queue=queue)
    assert result == ["input comes back", ["Finding", True], ["Finding", "Finding"], None, list(b"\x00\xffraw"), True,
                      {"rule": "open port", "severity": "high"}]
    completed = await all_of(client.get_workflow_handle(queue), "ActivityTaskCompleted")
    assert decoded(completed[1].result) == [{"rule": "open port", "severity": "high"}]
    assert completed[3].result.payloads[0].metadata["encoding"] == b"binary/null"
    assert completed[4].result.payloads[0].data == b"\x00\xffraw"


async def test_a_value_that_cannot_be_serialised_fails_the_activity(client, queue):
    async with run_worker(client, queue, [AsksForFunction], RESULT_ACTIVITIES):
        with pytest.raises(WorkflowFailureError) as failed:
            await client.execute_workflow(AsksForFunction.run, id=queue, task_queue=queue)
    assert isinstance(failed.value.cause, ActivityError)
    assert isinstance(failed.value.cause.cause, ApplicationError)
    assert "not JSON serializable" in failed.value.cause.cause.message


async def call(client, queue, name, size, *, seconds=10, checked_by_worker=False):
    """How the activity `name` ended, called with `size`, without the worker's own check unless asked for."""
    async with run_worker(client, queue, SIZE_WORKFLOWS, SIZE_ACTIVITIES,
                          disable_payload_error_limit=not checked_by_worker):
        return await client.execute_workflow(CallsWithSize.run, args=[name, size, seconds], id=queue, task_queue=queue)


async def test_a_result_just_under_the_limit_comes_back(client, queue):
    assert await call(client, queue, "produce", JUST_UNDER) == ["returned", JUST_UNDER]


async def test_a_result_over_the_limit_fails_the_activity_for_good(client, queue):
    ended = await call(client, queue, "produce", JUST_OVER)
    assert ended == ["ActivityError", "NON_RETRYABLE_FAILURE", "ServerError", "Complete result exceeds size limit."]
    failed = await only(client.get_workflow_handle(queue), "ActivityTaskFailed")
    assert failed.failure.message == "Complete result exceeds size limit."
    assert failed.failure.server_failure_info.non_retryable
    assert failed.retry_state == RetryState.RETRY_STATE_NON_RETRYABLE_FAILURE


async def test_the_worker_does_not_send_a_result_over_the_servers_limit(client, queue):
    ended = await call(client, queue, "produce", JUST_OVER, checked_by_worker=True)
    assert ended[:3] == ["ActivityError", "MAXIMUM_ATTEMPTS_REACHED", "ApplicationError"]
    assert ended[3].startswith("PayloadsTooLarge: ")


async def test_a_result_over_four_megabytes_never_arrives_and_the_activity_times_out(client, queue):
    ended = await call(client, queue, "produce", 5 * MIB, seconds=1)
    assert ended == ["ActivityError", "MAXIMUM_ATTEMPTS_REACHED", "TimeoutError", "activity StartToClose timeout"]


async def test_heartbeat_details_over_the_limit_fail_the_activity_for_good(client, queue):
    ended = await call(client, queue, "beat_with", 3 * MIB)
    assert ended == ["ActivityError", "NON_RETRYABLE_FAILURE", "ServerError", "Heartbeat details exceed size limit."]


@pytest.mark.parametrize("name, inner", [("fail_at_length", "LongFailure"), ("fail_with_details", "LargeDetails")])
async def test_a_failure_over_the_limit_is_cut(client, queue, name, inner):
    ended = await call(client, queue, name, 3 * MIB)
    assert ended == ["ActivityError", "NON_RETRYABLE_FAILURE", "ServerError", "Failure exceeds size limit."]
    failure = (await only(client.get_workflow_handle(queue), "ActivityTaskFailed")).failure
    assert failure.server_failure_info.non_retryable
    assert failure.cause.application_failure_info.type == inner
    assert failure.ByteSize() < MIB


async def test_the_server_ends_a_run_whose_result_is_over_the_limit(client, queue):
    async with run_worker(client, queue, SIZE_WORKFLOWS, SIZE_ACTIVITIES, disable_payload_error_limit=True):
        handle = await client.start_workflow(ReturnsText.run, JUST_OVER, id=queue, task_queue=queue)
        with pytest.raises(WorkflowFailureError) as ended:
            await handle.result()
    assert isinstance(ended.value.cause, TerminatedError)
    reason = "BadScheduleActivityAttributes: CompleteWorkflowExecutionCommandAttributes.Result exceeds size limit."
    assert await names_of(handle) == ["WorkflowExecutionStarted", *WORKFLOW_TASK[:2], "WorkflowTaskFailed",
                                      "WorkflowExecutionTerminated"]
    assert (await only(handle, "WorkflowExecutionTerminated")).reason == reason
    assert (await handle.describe()).status == WorkflowExecutionStatus.TERMINATED


async def test_the_worker_does_not_send_a_workflow_result_over_the_servers_limit(client, queue):
    async with run_worker(client, queue, SIZE_WORKFLOWS, SIZE_ACTIVITIES):
        handle = await client.start_workflow(ReturnsText.run, JUST_OVER, id=queue, task_queue=queue)
        failed = await until_event(handle, "WorkflowTaskFailed")
        assert failed.cause == WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_PAYLOADS_TOO_LARGE
        assert (await handle.describe()).status == WorkflowExecutionStatus.RUNNING
        await handle.terminate()


async def test_a_workflow_result_over_four_megabytes_ends_the_run(client, queue):
    async with run_worker(client, queue, SIZE_WORKFLOWS, SIZE_ACTIVITIES, disable_payload_error_limit=True):
        handle = await client.start_workflow(ReturnsText.run, 5 * MIB, id=queue, task_queue=queue)
        with pytest.raises(WorkflowFailureError) as ended:
            await handle.result()
    assert isinstance(ended.value.cause, TerminatedError)
    assert (await only(handle, "WorkflowExecutionTerminated")).reason == "GrpcMessageTooLarge"
