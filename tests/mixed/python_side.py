"""The Python half: the guide's dataclass, a Pydantic model, and one field of every kind."""
import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from google.protobuf.source_context_pb2 import SourceContext
from temporalio import activity, workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from pydantic import BaseModel


@dataclass
class ScanInput:
    account_id: str
    region: str
    severity: str | None = None
    notify: bool = False
    approval_required: bool = True


@dataclass
class OlderScanInput:
    """As the guide has it before fields were added."""
    account_id: str
    region: str


@dataclass
class NewerScanInput(ScanInput):
    remediation_strategy: str | None = "later"


@dataclass
class ScanReport:
    account_id: str
    region: str
    severity: str
    findings: int


class ScanModel(BaseModel):
    account_id: str
    region: str
    severity: str | None = None
    notify: bool = False
    approval_required: bool = True


class ReportModel(BaseModel):
    account_id: str
    region: str
    severity: str
    findings: int


class ScanType(str, Enum):
    FULL = "full"
    QUICK = "quick"


class Place(BaseModel):
    city: str
    latitude: float


class Everything(BaseModel):
    text: str
    count: int
    share: float
    flag: bool
    maybe: str | None = None
    places: list[Place] = []
    numbers: dict[str, int] = {}
    pair: tuple[str, int]
    either: int | str
    lasts: timedelta
    at: datetime
    type: ScanType


@dataclass
class PlacePlain:
    city: str
    latitude: float


@dataclass
class EverythingPlain:
    """The same as a dataclass: what the default converter knows has no datetime and no timedelta."""
    text: str
    count: int
    share: float
    flag: bool
    pair: tuple[str, int]
    either: int | str
    lasts: float
    at: str
    type: ScanType
    maybe: str | None = None
    places: list[PlacePlain] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)


@activity.defn(name="python_scan")
async def python_scan(input: ScanInput) -> ScanReport:
    return ScanReport(input.account_id, input.region, input.severity or "none", 1 if input.approval_required else 2)


@activity.defn(name="python_scan")
async def python_scan_model(input: ScanModel) -> ReportModel:
    return ReportModel(account_id=input.account_id.upper(), region=input.region, severity=input.severity or "none",
                       findings=5)


@activity.defn
async def python_change(value: Everything) -> Everything:
    return value.model_copy(update={
        "text": value.text + "?", "count": value.count - 1, "places": value.places + [Place(city="Zürich", latitude=47.4)],
        "pair": (value.pair[0], value.pair[1] * 2), "either": "other", "lasts": value.lasts * 2,
        "at": value.at + timedelta(minutes=1), "type": ScanType.QUICK, "maybe": "set"})


@activity.defn
async def python_message(message: SourceContext) -> SourceContext:
    return SourceContext(file_name=message.file_name + ".py")


@activity.defn
async def python_refuse(account: str) -> None:
    raise ApplicationError(f"no account {account}", account, 23, type="AccountError", non_retryable=True)


@activity.defn
async def python_wait() -> str:
    while True:
        activity.heartbeat("waiting")
        await asyncio.sleep(0.05)


PYTHON_ACTIVITIES = [python_change, python_message, python_refuse, python_wait]

def call_cpp(queue: str, name: str, value, result_type):
    """An activity of the C++ worker."""
    return workflow.execute_activity(name, value, task_queue=queue, result_type=result_type, **ONCE)


ONCE = {"start_to_close_timeout": timedelta(seconds=20), "retry_policy": RetryPolicy(maximum_attempts=1)}


@workflow.defn
class ScanByCpp:
    @workflow.run
    async def run(self, queue: str, input: ScanInput) -> ScanReport:
        return await call_cpp(queue, "cpp_scan", input, ScanReport)


@workflow.defn
class OlderAndNewerByCpp:
    @workflow.run
    async def run(self, queue: str) -> list[str]:
        older = await call_cpp(queue, "cpp_scan", OlderScanInput("a-1", "eu"), ScanReport)
        newer = await call_cpp(queue, "cpp_scan", NewerScanInput("a-2", "us", "high"), ScanReport)
        return [older.severity, newer.severity]


@workflow.defn
class ChangeByCpp:
    @workflow.run
    async def run(self, queue: str, value: Everything) -> Everything:
        return await call_cpp(queue, "cpp_change", value, Everything)


@workflow.defn
class ChangePlainByCpp:
    @workflow.run
    async def run(self, queue: str, value: EverythingPlain) -> EverythingPlain:
        return await call_cpp(queue, "cpp_change", value, EverythingPlain)


@workflow.defn
class MessageByCpp:
    @workflow.run
    async def run(self, queue: str, message: SourceContext) -> SourceContext:
        return await call_cpp(queue, "cpp_message", message, SourceContext)


@workflow.defn
class RefusedByCpp:
    @workflow.run
    async def run(self, queue: str) -> list:
        try:
            await workflow.execute_activity("cpp_refuse", "a-9", task_queue=queue, **ONCE)
        except ActivityError as error:
            cause = error.cause
            return [cause.message, cause.type, cause.non_retryable, *cause.details]
        return []


@workflow.defn
class CancelsCpp:
    @workflow.run
    async def run(self, queue: str) -> str:
        waiting = workflow.start_activity(
            "cpp_wait", task_queue=queue, heartbeat_timeout=timedelta(seconds=5),
            cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED, **ONCE)
        await workflow.sleep(0.2)
        waiting.cancel()
        try:
            return await waiting
        except BaseException as error:
            return "cancelled" if is_cancelled_exception(error) else repr(error)


@workflow.defn(name="ScanByPython")
class ScanByPythonInPython:
    """The C++ workflow of this name, once more: replays the histories of the other."""

    @workflow.run
    async def run(self, scan: dict) -> ScanReport:
        return await workflow.execute_activity("python_scan", scan["input"], task_queue=scan["queue"],
                                               result_type=ScanReport, heartbeat_timeout=timedelta(seconds=5), **ONCE)


PYTHON_WORKFLOWS = [ScanByCpp, OlderAndNewerByCpp, ChangeByCpp, ChangePlainByCpp, MessageByCpp, RefusedByCpp, CancelsCpp]
