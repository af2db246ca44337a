"""An activity for each safe kind of parameter."""
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from enum import Enum

from temporalio import activity, workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import BaseModel


class Zone(str, Enum):
    EU = "eu"
    US = "us"


@dataclass
class OlderScanTarget:
    account_id: str
    zone: Zone


@dataclass
class ScanTarget:
    account_id: str
    zone: Zone
    tags: list[str] = field(default_factory=list)
    note: str | None = None


class ScanModel(BaseModel):
    account_id: str
    zone: Zone
    asked_at: datetime


@activity.defn
async def describe_target(target: ScanTarget) -> list:
    return [type(target).__name__, target.account_id, str(target.zone), target.tags, target.note]


@activity.defn
async def describe_several(account_id: str, count: int, share: float, notify: bool) -> list:
    return [account_id, count, share, notify]


@activity.defn
async def describe_nothing() -> list:
    return []


@activity.defn
async def describe_bytes(data: bytes) -> list:
    return [type(data).__name__, len(data)]


@activity.defn
async def echo_dict(data: dict) -> dict:
    return data


@activity.defn
async def describe_model(model: ScanModel) -> list:
    return [type(model).__name__, model.account_id, model.zone.value, model.asked_at.isoformat()]


PARAMETER_ACTIVITIES = [describe_target, describe_several, describe_nothing, describe_bytes, echo_dict]
TEN_SECONDS = timedelta(seconds=10)


@workflow.defn
class PassesEverything:
    @workflow.run
    async def run(self) -> dict:
        calls = [
            ("one dataclass", describe_target, [ScanTarget("111", Zone.EU, ["a", "b"])]),
            ("older dataclass without the new field", describe_target, [OlderScanTarget("222", Zone.US)]),
            ("several", describe_several, ["111", 3, 0.5, True]),
            ("nothing", describe_nothing, []),
            ("bytes", describe_bytes, [b"\x00\xff\x00\x01"]),
            ("dict", echo_dict, [{"deep": {"er": [1, None, "ü"]}}]),
        ]
        return {name: await workflow.execute_activity(function, args=arguments, activity_id=name,
                                                      start_to_close_timeout=TEN_SECONDS)
                for name, function, arguments in calls}


@workflow.defn
class PassesModel:
    @workflow.run
    async def run(self) -> list:
        model = ScanModel(account_id="111", zone=Zone.EU, asked_at=datetime(2024, 2, 29, 12, tzinfo=timezone.utc))
        return await workflow.execute_activity(describe_model, model, start_to_close_timeout=TEN_SECONDS)
