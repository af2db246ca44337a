"""One workflow type in the versions that a program goes through, each waiting for an activity in the middle."""
from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity, workflow


@activity.defn
async def scan() -> str:
    return "scanned"


async def scanned() -> str:
    return await workflow.execute_activity(scan, start_to_close_timeout=timedelta(seconds=10))


@dataclass
class ScanInput:
    account_id: str
    region: str
    severity: str | None = None
    notify: bool = False
    approval_required: bool = True


@dataclass
class ScanInputWithNewField:
    account_id: str
    region: str
    severity: str | None = None
    notify: bool = False
    approval_required: bool = True
    remediation_strategy: str | None = None  # NEW FIELD


@workflow.defn(name="ObjectScan")
class ObjectScan:
    @workflow.run
    async def run(self, input: ScanInput) -> list:
        return [await scanned(), input.account_id, input.severity]


@workflow.defn(name="ObjectScan")
class ObjectScanWithNewField:
    @workflow.run
    async def run(self, input: ScanInputWithNewField) -> list:
        return [await scanned(), input.account_id, input.severity, input.remediation_strategy]


@workflow.defn(name="PlainScan")
class PlainScan:
    @workflow.run
    async def run(self, account_id: str, region: str) -> list:
        return [await scanned(), account_id, region]


@workflow.defn(name="PlainScan")
class PlainScanWithNewParameter:
    @workflow.run
    async def run(self, account_id: str, region: str, severity: str) -> list:
        return [await scanned(), account_id, region, severity]
