"""Workflows of one language with activities of the other, on the server that both are connected to."""
import contextlib
import subprocess
import uuid
from datetime import datetime, timedelta, timezone

from google.protobuf.source_context_pb2 import SourceContext
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, Worker

from conftest import PROGRAM
from observe import only
from python_side import (
    PYTHON_ACTIVITIES,
    PYTHON_WORKFLOWS,
    Everything,
    EverythingPlain,
    Place,
    PlacePlain,
    ReportModel,
    ScanByPythonInPython,
    ScanInput,
    ScanModel,
    ScanReport,
    ScanType,
    python_scan,
    python_scan_model,
)

PLAIN = {}
PYDANTIC = {"data_converter": pydantic_data_converter}
AT = datetime(2026, 1, 31, 12, 0, 0, 250000, tzinfo=timezone.utc)


@contextlib.asynccontextmanager
async def python_worker(target, queues, options, scan=python_scan):
    client = await Client.connect(target, **options)
    async with Worker(client, task_queue=queues[1], workflows=PYTHON_WORKFLOWS, activities=[scan, *PYTHON_ACTIVITIES],
                      max_heartbeat_throttle_interval=timedelta(milliseconds=100)):
        yield client


async def execute(client, queue, workflow_type, *arguments, result_type=None):
    return await client.execute_workflow(workflow_type, args=arguments, id=f"{workflow_type}-{uuid.uuid4()}",
                                         task_queue=queue, result_type=result_type,
                                         execution_timeout=timedelta(seconds=60))


async def test_a_cpp_workflow_calls_python_with_the_guides_dataclass(target, queues):
    async with python_worker(target, queues, PLAIN) as client:
        scan = {"queue": queues[1], "input": ScanInput("a-1", "eu-west-1")}
        assert await execute(client, queues[0], "ScanByPython", scan, result_type=ScanReport) == ScanReport(
            "a-1", "eu-west-1", "none", 1)


async def test_a_cpp_workflow_calls_python_with_a_pydantic_model(target, queues):
    async with python_worker(target, queues, PYDANTIC, python_scan_model) as client:
        scan = {"queue": queues[1], "input": ScanModel(account_id="a-1", region="eu", severity="high")}
        assert await execute(client, queues[0], "ScanByPython", scan, result_type=ReportModel) == ReportModel(
            account_id="A-1", region="eu", severity="high", findings=5)


async def test_a_python_workflow_calls_cpp_with_the_guides_dataclass(target, queues):
    async with python_worker(target, queues, PLAIN) as client:
        report = await execute(client, queues[1], "ScanByCpp", queues[0], ScanInput("a-2", "us", "low", True, False),
                               result_type=ScanReport)
        assert report == ScanReport("a-2", "us", "low", 3)


async def test_older_and_newer_dataclasses_meet_the_cpp_struct(target, queues):
    async with python_worker(target, queues, PLAIN) as client:
        assert await execute(client, queues[1], "OlderAndNewerByCpp", queues[0]) == [
            "none, to be approved", "high, to be approved"]


def everything(model, place, lasts, at):
    return model(text="Grüße 🌍", count=2**53 + 1, share=0.1, flag=True, places=[place(city="Bern", latitude=46.95)],
                 numbers={"one": 1}, pair=("a", 1), either=5, lasts=lasts, at=at, type=ScanType.FULL)


async def test_every_kind_of_field_goes_there_and_back_with_pydantic(target, queues):
    async with python_worker(target, queues, PYDANTIC) as client:
        value = everything(Everything, Place, timedelta(milliseconds=1500), AT)
        by_cpp = await execute(client, queues[1], "ChangeByCpp", queues[0], value, result_type=Everything)
        assert by_cpp == Everything(
            text="Grüße 🌍!", count=2**53 + 2, share=0.05, flag=False, maybe="now",
            places=[Place(city="Bern", latitude=46.95), Place(city="Köln", latitude=50.9375)],
            numbers={"one": 1, "two": 2}, pair=("a", 2), either="text", lasts=timedelta(milliseconds=4500),
            at=AT + timedelta(hours=1), type=ScanType.QUICK)
        by_python = await execute(client, queues[0], "ChangeByPython", queues[1], value, result_type=Everything)
        assert by_python == Everything(
            text="Grüße 🌍?", count=2**53, share=0.1, flag=True, maybe="set",
            places=[Place(city="Bern", latitude=46.95), Place(city="Zürich", latitude=47.4)],
            numbers={"one": 1}, pair=("a", 2), either="other", lasts=timedelta(seconds=3),
            at=AT + timedelta(minutes=1), type=ScanType.QUICK)


async def test_every_kind_of_field_goes_there_and_back_with_a_dataclass(target, queues):
    async with python_worker(target, queues, PLAIN) as client:
        value = everything(EverythingPlain, PlacePlain, 1.5, AT.isoformat())
        changed = await execute(client, queues[1], "ChangePlainByCpp", queues[0], value, result_type=EverythingPlain)
        assert changed == EverythingPlain(
            text="Grüße 🌍!", count=2**53 + 2, share=0.05, flag=False, maybe="now",
            places=[PlacePlain("Bern", 46.95), PlacePlain("Köln", 50.9375)], numbers={"one": 1, "two": 2},
            pair=("a", 2), either="text", lasts=4.5, at=(AT + timedelta(hours=1)).isoformat(), type=ScanType.QUICK)


async def test_protobuf_messages_cross_as_both_sdks_write_them(target, queues):
    async with python_worker(target, queues, PLAIN) as client:
        message = await execute(client, queues[1], "MessageByCpp", queues[0], SourceContext(file_name="a"),
                                result_type=SourceContext)
        assert message.file_name == "a.cc"
        assert await execute(client, queues[0], "MessageByPython", queues[1], SourceContext(file_name="a")) == "a.py"


async def test_errors_keep_message_type_and_details_both_ways(target, queues):
    async with python_worker(target, queues, PLAIN) as client:
        assert await execute(client, queues[1], "RefusedByCpp", queues[0]) == [
            "no account a-9", "AccountError", True, "a-9", 17]
        assert await execute(client, queues[0], "RefusedByPython", queues[1]) == [
            "no account a-9", "AccountError", "a-9", "23"]


async def test_cancellations_reach_the_other_language(target, queues):
    async with python_worker(target, queues, PLAIN) as client:
        assert await execute(client, queues[1], "CancelsCpp", queues[0]) == "cancelled"
        assert await execute(client, queues[0], "CancelsPython", queues[1]) == "cancelled"


async def test_python_replays_what_cpp_recorded(target, queues):
    async with python_worker(target, queues, PLAIN) as client:
        scan = {"queue": queues[1], "input": ScanInput("a-1", "eu-west-1")}
        handle = await client.start_workflow("ScanByPython", scan, id=f"replayed-{uuid.uuid4()}", task_queue=queues[0])
        await handle.result()
        assert (await only(handle, "ActivityTaskScheduled")).activity_type.name == "python_scan"
        await Replayer(workflows=[ScanByPythonInPython]).replay_workflow(await handle.fetch_history())


async def test_cpp_replays_what_python_recorded(target, queues, tmp_path):
    async with python_worker(target, queues, PLAIN) as client:
        for name, arguments in {"ScanByCpp": [queues[0], ScanInput("a-1", "eu")], "RefusedByCpp": [queues[0]],
                                "CancelsCpp": [queues[0]]}.items():
            handle = await client.start_workflow(name, args=arguments, id=f"recorded-{uuid.uuid4()}", task_queue=queues[1])
            await handle.result()
            (tmp_path / f"{name}.json").write_text((await handle.fetch_history()).to_json())
    replayed = subprocess.run([PROGRAM, "replay", tmp_path], capture_output=True, text=True, timeout=60)
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    assert replayed.stdout.splitlines() == ["CancelsCpp: follows", "RefusedByCpp: follows", "ScanByCpp: follows"]
