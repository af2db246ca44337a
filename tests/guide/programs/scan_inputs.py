"""What the guide calls safe to pass, each received by a workflow that says what it got."""
from dataclasses import dataclass
from enum import Enum

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import BaseModel


@dataclass
class ScanInput:
    account_id: str
    region: str
    severity: str | None = None


class ScanModel(BaseModel):
    account_id: str
    region: str


class ScanType(str, Enum):
    FULL = "full"
    QUICK = "quick"


@workflow.defn
class TakesPrimitives:
    @workflow.run
    async def run(self, account_id: str, count: int, share: float, notify: bool) -> list:
        return [account_id, count, share, notify]


@workflow.defn
class TakesDict:
    @workflow.run
    async def run(self, config: dict) -> list:
        return [type(config).__name__, config]


@workflow.defn
class TakesList:
    @workflow.run
    async def run(self, regions: list[str]) -> list:
        return [type(regions).__name__, regions]


@workflow.defn
class TakesDataclass:
    @workflow.run
    async def run(self, input: ScanInput) -> list:
        return [type(input).__name__, input.account_id, input.region, input.severity]


@workflow.defn
class TakesModel:
    @workflow.run
    async def run(self, input: ScanModel) -> ScanModel:
        return ScanModel(account_id=input.account_id.upper(), region=input.region)


@workflow.defn
class TakesEnum:
    @workflow.run
    async def run(self, kind: ScanType) -> list:
        return [str(type(kind).__name__), kind is ScanType.QUICK]


@workflow.defn
class TakesAnything:
    @workflow.run
    async def run(self, anything) -> None:
        pass


PARAMETER_WORKFLOWS = [TakesPrimitives, TakesDict, TakesList, TakesDataclass, TakesModel, TakesEnum, TakesAnything]
