"""Activities that return each safe kind of value."""
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from temporalio import activity, workflow
from temporalio.common import RetryPolicy


class Severity(str, Enum):
    LOW = "low"
    HIGH = "high"


@dataclass
class Finding:
    rule: str
    severity: Severity


@activity.defn
async def return_text(text: str) -> str:
    return text


@activity.defn
async def return_finding() -> Finding:
    return Finding("open port", Severity.HIGH)


@activity.defn
async def return_findings() -> list[Finding]:
    return [Finding("open port", Severity.HIGH), Finding("old key", Severity.LOW)]


@activity.defn
async def return_nothing() -> None:
    return None


@activity.defn
async def return_bytes() -> bytes:
    return b"\x00\xffraw"


@activity.defn
async def return_function():
    return lambda: None


RESULT_ACTIVITIES = [return_text, return_finding, return_findings, return_nothing, return_bytes, return_function]
OPTIONS = dict(start_to_close_timeout=timedelta(seconds=10), retry_policy=RetryPolicy(maximum_attempts=1))


@workflow.defn
class CollectsResults:
    @workflow.run
    async def run(self) -> list:
        text = await workflow.execute_activity(return_text, "input comes back", **OPTIONS)
        finding = await workflow.execute_activity(return_finding, **OPTIONS)
        findings = await workflow.execute_activity(return_findings, **OPTIONS)
        nothing = await workflow.execute_activity(return_nothing, **OPTIONS)
        raw = await workflow.execute_activity(return_bytes, **OPTIONS)
        by_name = await workflow.execute_activity("return_finding", result_type=Finding, **OPTIONS)
        untyped = await workflow.execute_activity("return_finding", **OPTIONS)
        return [text, [type(finding).__name__, finding.severity is Severity.HIGH],
                [type(each).__name__ for each in findings], nothing, list(raw), by_name == finding, untyped]


@workflow.defn
class AsksForFunction:
    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity(return_function, **OPTIONS)
