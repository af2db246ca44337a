"""Guide: "Define Workflow parameters"."""
import contextlib
import socket
import sqlite3
import threading
from datetime import timedelta

import pytest
from observe import decoded, names_of, only, run_worker, until_event
from scan_inputs import (PARAMETER_WORKFLOWS, ScanInput, ScanModel, ScanType, TakesAnything, TakesDataclass, TakesDict,
                         TakesEnum, TakesList, TakesModel, TakesPrimitives)
from scan_orchestrated import RightScan, ScanWithPositionalArguments, WrongScan, scan_ec2_activity
from scan_two_parameters import ScanWorkflow
from scan_waiting import (ObjectScan, ObjectScanWithNewField, PlainScan, PlainScanWithNewParameter, scan)
from scan_waiting import ScanInput as OldInput
from temporalio.api.enums.v1 import WorkflowTaskFailedCause
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError, RPCStatusCode


async def test_two_parameters(client, queue):
    async with run_worker(client, queue, [ScanWorkflow]):
        result = await client.execute_workflow(ScanWorkflow.run, args=["111", "eu-west-1"], id=queue, task_queue=queue)
    assert result == "111 in eu-west-1"
    started = await only(client.get_workflow_handle(queue), "WorkflowExecutionStarted")
    assert decoded(started.input) == ["111", "eu-west-1"]


@pytest.mark.parametrize("workflow, arguments, expected", [
    (TakesPrimitives, ["111", 3, 0.25, True], ["111", 3, 0.25, True]),
    (TakesDict, [{"regions": ["eu", "us"], "depth": 2}], ["dict", {"regions": ["eu", "us"], "depth": 2}]),
    (TakesList, [["eu", "us"]], ["list", ["eu", "us"]]),
    (TakesDataclass, [ScanInput("111", "eu")], ["ScanInput", "111", "eu", None]),
    (TakesDataclass, [ScanInput("111", "eu", "high")], ["ScanInput", "111", "eu", "high"]),
    (TakesEnum, [ScanType.QUICK], ["ScanType", True]),
    (TakesAnything, [None], None),
    (TakesPrimitives, ["Zürich ☃ 東京", -(2**53), 1e300, False], ["Zürich ☃ 東京", -(2**53), 1e300, False]),
], ids=["primitives", "dict", "list", "dataclass", "dataclass-optional", "enum", "none", "unicode-and-extremes"])
async def test_a_safe_parameter_arrives(client, queue, workflow, arguments, expected):
    async with run_worker(client, queue, PARAMETER_WORKFLOWS):
        assert await client.execute_workflow(workflow.run, args=arguments, id=queue, task_queue=queue) == expected


async def test_a_pydantic_model_arrives(target, queue):
    client = await Client.connect(target, data_converter=pydantic_data_converter)
    async with run_worker(client, queue, [TakesModel]):
        result = await client.execute_workflow(TakesModel.run, ScanModel(account_id="abc", region="eu"), id=queue,
                                               task_queue=queue)
    assert result == ScanModel(account_id="ABC", region="eu")
    started = await only(client.get_workflow_handle(queue), "WorkflowExecutionStarted")
    assert decoded(started.input) == [{"account_id": "abc", "region": "eu"}]


@pytest.mark.parametrize("what", ["lock", "socket", "file", "function", "database"])
async def test_what_cannot_be_serialised_is_refused_before_anything_starts(client, queue, tmp_path, what):
    with contextlib.ExitStack() as opened:
        unsafe = {
            "lock": threading.Lock,
            "socket": lambda: opened.enter_context(socket.socket()),
            "file": lambda: opened.enter_context((tmp_path / "data.txt").open("w")),
            "function": lambda: (lambda: None),
            "database": lambda: opened.enter_context(contextlib.closing(sqlite3.connect(":memory:"))),
        }[what]()
        with pytest.raises((TypeError, ValueError)):
            await client.start_workflow(TakesAnything.run, unsafe, id=queue, task_queue=queue)
    with pytest.raises(RPCError) as refused:
        await client.get_workflow_handle(queue).describe()
    assert refused.value.status == RPCStatusCode.NOT_FOUND


async def test_a_running_workflow_survives_a_new_field_with_a_default(client, queue):
    async with run_worker(client, queue, [ObjectScan]):
        handle = await client.start_workflow("ObjectScan", OldInput("111", "eu", "high"), id=queue, task_queue=queue)
        await until_event(handle, "ActivityTaskScheduled")
    # The next version of the program replays the history that the old one left.
    async with run_worker(client, queue, [ObjectScanWithNewField], [scan]):
        assert await handle.result() == ["scanned", "111", "high", None]
    assert "WorkflowTaskFailed" not in await names_of(handle)


async def test_a_changed_signature_fails_the_task_and_not_the_workflow(client, queue):
    async with run_worker(client, queue, [PlainScan]):
        handle = await client.start_workflow("PlainScan", args=["111", "eu"], id=queue, task_queue=queue,
                                             task_timeout=timedelta(seconds=3))
        await until_event(handle, "ActivityTaskScheduled")
    async with run_worker(client, queue, [PlainScanWithNewParameter], [scan]):
        failed = await until_event(handle, "WorkflowTaskFailed")
        assert failed.cause == WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE
        assert "severity" in failed.failure.message
        assert (await handle.describe()).status == WorkflowExecutionStatus.RUNNING
    # With the old signature back it goes on.
    async with run_worker(client, queue, [PlainScan]):
        assert await handle.result() == ["scanned", "111", "eu"]


async def test_side_effects_in_a_workflow_fail_its_task(client, queue):
    async with run_worker(client, queue, [WrongScan]):
        handle = await client.start_workflow(WrongScan.run, ScanInput("111", "eu"), id=queue, task_queue=queue)
        failed = await until_event(handle, "WorkflowTaskFailed")
        assert failed.failure.application_failure_info.type == "RestrictedWorkflowAccessError"
        assert (await handle.describe()).status == WorkflowExecutionStatus.RUNNING
        await handle.terminate("seen enough")
    assert (await names_of(handle))[-1] == "WorkflowExecutionTerminated"


async def test_the_workflow_orchestrates_and_the_activity_executes(client, queue):
    async with run_worker(client, queue, [RightScan], [scan_ec2_activity]):
        result = await client.execute_workflow(RightScan.run, ScanInput("111", "eu"), id=queue, task_queue=queue)
    assert result == {"account": "111", "region": "eu", "instances": 3}
    scheduled = await only(client.get_workflow_handle(queue), "ActivityTaskScheduled")
    assert decoded(scheduled.input) == ["111", "eu"]


async def test_several_positional_arguments_need_the_args_keyword(client, queue):
    async with run_worker(client, queue, [ScanWithPositionalArguments], [scan_ec2_activity]):
        handle = await client.start_workflow(ScanWithPositionalArguments.run, ScanInput("111", "eu"), id=queue,
                                             task_queue=queue)
        failed = await until_event(handle, "WorkflowTaskFailed")
        assert failed.failure.application_failure_info.type == "TypeError"
        await handle.terminate()
