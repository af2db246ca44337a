"""Guide: "Define Workflow return parameters"."""
import pytest
from observe import WORKFLOW_TASK, decoded, names_of, only, run_worker, until_event
from results_and_errors import (RESULT_WORKFLOWS, LetsActivityFail, RaisesApplicationError, RaisesOtherError,
                                ReturnsFunction, ReturnsNothing, ReturnsObject, ScanRefused, ScanReport, failing_scan)
from temporalio.api.enums.v1 import RetryState as WireRetryState
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError, RetryState, TerminatedError


async def test_start_and_execute_give_the_returned_object(client, queue):
    async with run_worker(client, queue, RESULT_WORKFLOWS, [failing_scan]):
        executed = await client.execute_workflow(ReturnsObject.run, "111", id=queue, task_queue=queue)
        handle = await client.start_workflow(ReturnsObject.run, "222", id=queue, task_queue=queue)
        assert executed == ScanReport("111", ["open port"])
        assert await handle.result() == ScanReport("222", ["open port"])
    completed = await only(handle, "WorkflowExecutionCompleted")
    assert decoded(completed.result) == [{"account_id": "222", "findings": ["open port"]}]


async def test_no_result_is_none(client, queue):
    async with run_worker(client, queue, RESULT_WORKFLOWS, [failing_scan]):
        assert await client.execute_workflow(ReturnsNothing.run, id=queue, task_queue=queue) is None
    completed = await only(client.get_workflow_handle(queue), "WorkflowExecutionCompleted")
    assert completed.result.payloads[0].metadata["encoding"] == b"binary/null"


async def test_an_application_error_fails_the_run_with_all_it_says(client, queue):
    async with run_worker(client, queue, RESULT_WORKFLOWS, [failing_scan]):
        handle = await client.start_workflow(RaisesApplicationError.run, id=queue, task_queue=queue)
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
    error = failed.value.cause
    assert isinstance(error, ApplicationError)
    assert (error.message, error.type, error.non_retryable) == ("cannot scan", "BadScan", True)
    assert list(error.details) == [{"region": ""}, 7]
    assert isinstance(error.cause, ApplicationError)
    assert (error.cause.message, error.cause.type) == ("the region is empty", "ValueError")

    assert await names_of(handle) == ["WorkflowExecutionStarted", *WORKFLOW_TASK, "WorkflowExecutionFailed"]
    event = await only(handle, "WorkflowExecutionFailed")
    assert event.failure.application_failure_info.type == "BadScan"
    assert "results_and_errors.py" in event.failure.stack_trace
    assert event.retry_state == WireRetryState.RETRY_STATE_RETRY_POLICY_NOT_SET
    assert (await handle.describe()).status == WorkflowExecutionStatus.FAILED


async def test_an_activity_failure_arrives_with_its_chain_of_causes(client, queue):
    async with run_worker(client, queue, RESULT_WORKFLOWS, [failing_scan]):
        handle = await client.start_workflow(LetsActivityFail.run, id=queue, task_queue=queue)
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
    error = failed.value.cause
    assert isinstance(error, ActivityError)
    assert (error.activity_type, error.activity_id, error.retry_state) == (
        "failing_scan", "1", RetryState.MAXIMUM_ATTEMPTS_REACHED)
    assert (error.scheduled_event_id, error.started_event_id) == (5, 6)
    assert error.identity == client.identity
    assert isinstance(error.cause, ApplicationError)
    assert (error.cause.message, error.cause.type, list(error.cause.details)) == (
        "no such region", "UnknownRegion", ["eu"])
    assert (error.cause.cause.message, error.cause.cause.type) == ("'eu'", "KeyError")
    activity_failed = await only(handle, "ActivityTaskFailed")
    assert activity_failed.retry_state == WireRetryState.RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED
    assert activity_failed.failure.cause.application_failure_info.type == "KeyError"


async def test_another_exception_fails_the_task_and_not_the_run(client, queue):
    async with run_worker(client, queue, RESULT_WORKFLOWS, [failing_scan]):
        handle = await client.start_workflow(RaisesOtherError.run, id=queue, task_queue=queue)
        failed = await until_event(handle, "WorkflowTaskFailed")
        assert failed.failure.message == "not today"
        assert failed.failure.application_failure_info.type == "ScanRefused"
        assert (await handle.describe()).status == WorkflowExecutionStatus.RUNNING
        await handle.terminate("seen enough")
        with pytest.raises(WorkflowFailureError) as ended:
            await handle.result()
    assert isinstance(ended.value.cause, TerminatedError)


async def test_an_exception_that_the_worker_names_fails_the_run(client, queue):
    async with run_worker(client, queue, RESULT_WORKFLOWS, [failing_scan],
                          workflow_failure_exception_types=[Exception]):
        with pytest.raises(WorkflowFailureError) as failed:
            await client.execute_workflow(RaisesOtherError.run, id=queue, task_queue=queue)
    assert (failed.value.cause.message, failed.value.cause.type) == ("not today", ScanRefused.__name__)


async def test_a_result_that_cannot_be_serialised_fails_the_task(client, queue):
    async with run_worker(client, queue, RESULT_WORKFLOWS, [failing_scan]):
        handle = await client.start_workflow(ReturnsFunction.run, id=queue, task_queue=queue)
        failed = await until_event(handle, "WorkflowTaskFailed")
        assert "not JSON serializable" in failed.failure.message
        assert (await handle.describe()).status == WorkflowExecutionStatus.RUNNING
        await handle.terminate()
