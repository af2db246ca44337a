"""Guide: "Develop Activity Parameters": what may be passed, and how much."""
from datetime import timedelta

import pytest
from activity_parameters import (PARAMETER_ACTIVITIES, PassesEverything, PassesModel, Zone, describe_model)
from observe import WORKFLOW_TASK, all_of, decoded, names_of, only, run_worker, until_event
from payload_sizes import SIZE_ACTIVITIES, SIZE_WORKFLOWS, PassesText, TakesText
from temporalio.api.enums.v1 import WorkflowTaskFailedCause
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import TerminatedError
from temporalio.service import RPCError, RPCStatusCode

MIB = 1024 * 1024
# A payload of {"encoding": "json/plain"} and N characters in quotes takes up to N + 39 bytes.
JUST_UNDER = 2 * MIB - 100
JUST_OVER = 2 * MIB + 1


async def test_parameters_of_every_safe_kind_arrive(client, queue):
    async with run_worker(client, queue, [PassesEverything], PARAMETER_ACTIVITIES):
        result = await client.execute_workflow(PassesEverything.run, id=queue, task_queue=queue)
    assert result == {
        "one dataclass": ["ScanTarget", "111", "Zone.EU", ["a", "b"], None],
        "older dataclass without the new field": ["ScanTarget", "222", "Zone.US", [], None],
        "several": ["111", 3, 0.5, True],
        "nothing": [],
        "bytes": ["bytes", 4],
        "dict": {"deep": {"er": [1, None, "ü"]}},
    }


async def test_what_was_passed_is_in_the_history(client, queue):
    async with run_worker(client, queue, [PassesEverything], PARAMETER_ACTIVITIES):
        await client.execute_workflow(PassesEverything.run, id=queue, task_queue=queue)
    scheduled = await all_of(client.get_workflow_handle(queue), "ActivityTaskScheduled")
    inputs = {event.activity_id: event.input for event in scheduled}
    assert decoded(inputs["one dataclass"]) == [
        {"account_id": "111", "zone": "eu", "tags": ["a", "b"], "note": None}]
    assert decoded(inputs["several"]) == ["111", 3, 0.5, True]
    assert not inputs["nothing"].payloads
    assert inputs["bytes"].payloads[0].metadata["encoding"] == b"binary/plain"
    assert inputs["bytes"].payloads[0].data == b"\x00\xff\x00\x01"


async def test_a_pydantic_model_arrives(target, queue):
    client = await Client.connect(target, data_converter=pydantic_data_converter)
    async with run_worker(client, queue, [PassesModel], [describe_model]):
        result = await client.execute_workflow(PassesModel.run, id=queue, task_queue=queue)
    assert result == ["ScanModel", "111", Zone.EU.value, "2024-02-29T12:00:00+00:00"]


async def test_two_megabytes_of_one_argument_are_the_limit_of_a_start(client, queue):
    async with run_worker(client, queue, SIZE_WORKFLOWS, SIZE_ACTIVITIES):
        taken = await client.execute_workflow(TakesText.run, args=["x" * JUST_UNDER], id=queue, task_queue=queue)
        assert taken == JUST_UNDER
    with pytest.raises(RPCError) as refused:
        await client.start_workflow(TakesText.run, args=["x" * JUST_OVER], id=queue + "-large", task_queue=queue)
    assert (refused.value.status, refused.value.message) == (
        RPCStatusCode.INVALID_ARGUMENT, "Blob data size exceeds limit.")
    with pytest.raises(RPCError) as absent:
        await client.get_workflow_handle(queue + "-large").describe()
    assert absent.value.status == RPCStatusCode.NOT_FOUND


async def test_the_limit_counts_all_arguments_of_a_start_together(client, queue):
    with pytest.raises(RPCError) as refused:
        await client.start_workflow(TakesText.run, args=["x" * MIB, "y" * MIB], id=queue, task_queue=queue)
    assert (refused.value.status, refused.value.message) == (
        RPCStatusCode.INVALID_ARGUMENT, "Blob data size exceeds limit.")


async def test_a_message_over_four_megabytes_is_refused(client, queue):
    with pytest.raises(RPCError) as refused:
        await client.start_workflow(TakesText.run, args=["x" * (3 * MIB), "y" * (3 * MIB)], id=queue, task_queue=queue)
    assert refused.value.status == RPCStatusCode.RESOURCE_EXHAUSTED
    # Requests are compressed; the limit is on what they hold.
    assert refused.value.message == "grpc: received message after decompression larger than max 4194304"
    # The connection lives on.
    with pytest.raises(RPCError) as absent:
        await client.get_workflow_handle(queue).describe()
    assert absent.value.status == RPCStatusCode.NOT_FOUND


async def test_an_argument_just_under_the_limit_reaches_the_activity(client, queue):
    async with run_worker(client, queue, SIZE_WORKFLOWS, SIZE_ACTIVITIES):
        assert await client.execute_workflow(PassesText.run, [JUST_UNDER], id=queue, task_queue=queue) == JUST_UNDER


async def test_the_worker_does_not_send_an_argument_over_the_servers_limit(client, queue):
    """The worker learns the limit from the namespace's description."""
    async with run_worker(client, queue, SIZE_WORKFLOWS, SIZE_ACTIVITIES):
        handle = await client.start_workflow(PassesText.run, [JUST_OVER], id=queue, task_queue=queue)
        failed = await until_event(handle, "WorkflowTaskFailed")
        assert failed.cause == WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_PAYLOADS_TOO_LARGE
        assert (await handle.describe()).status == WorkflowExecutionStatus.RUNNING
        await handle.terminate()


async def test_the_server_ends_a_run_whose_activity_argument_is_over_the_limit(client, queue):
    async with run_worker(client, queue, SIZE_WORKFLOWS, SIZE_ACTIVITIES, disable_payload_error_limit=True):
        handle = await client.start_workflow(PassesText.run, [JUST_OVER], id=queue, task_queue=queue)
        with pytest.raises(WorkflowFailureError) as ended:
            await handle.result()
    assert isinstance(ended.value.cause, TerminatedError)
    reason = "BadScheduleActivityAttributes: ScheduleActivityTaskCommandAttributes.Input exceeds size limit."
    assert await names_of(handle) == ["WorkflowExecutionStarted", *WORKFLOW_TASK[:2], "WorkflowTaskFailed",
                                      "WorkflowExecutionTerminated"]
    failed = await only(handle, "WorkflowTaskFailed")
    assert failed.cause == WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_BAD_SCHEDULE_ACTIVITY_ATTRIBUTES
    assert failed.failure.message == reason
    assert (await only(handle, "WorkflowExecutionTerminated")).reason == reason


async def test_the_server_ends_a_run_whose_commands_do_not_fit_a_message(client, queue):
    """Each argument is within its limit, all together are not."""
    async with run_worker(client, queue, SIZE_WORKFLOWS, SIZE_ACTIVITIES):
        handle = await client.start_workflow(PassesText.run, [3 * MIB // 2] * 3, id=queue, task_queue=queue,
                                             task_timeout=timedelta(seconds=5))
        with pytest.raises(WorkflowFailureError) as ended:
            await handle.result()
    assert isinstance(ended.value.cause, TerminatedError)
    assert (await only(handle, "WorkflowExecutionTerminated")).reason == "GrpcMessageTooLarge"
    failed = await only(handle, "WorkflowTaskFailed")
    assert failed.cause == WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND
