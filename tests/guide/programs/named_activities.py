"""Activities with a name of their own, with the function's name, methods, and one that takes any name."""
from collections.abc import Sequence
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.common import RawValue


@activity.defn(name="your-activity")
async def custom_named() -> str:
    return activity.info().activity_type


@activity.defn
async def named_by_its_function() -> str:
    return activity.info().activity_type


class Scanner:
    def __init__(self, region: str):
        self.region = region

    @activity.defn
    async def scan(self, account_id: str) -> list[str]:
        return [activity.info().activity_type, self.region, account_id]


@activity.defn(dynamic=True)
async def takes_any_name(arguments: Sequence[RawValue]) -> list:
    values = [activity.payload_converter().from_payload(argument.payload) for argument in arguments]
    return [activity.info().activity_type, values]


@activity.defn(name="your-activity")
async def also_custom_named() -> None:
    pass


TEN_SECONDS = timedelta(seconds=10)


@workflow.defn
class CallsNamedActivities:
    @workflow.run
    async def run(self) -> list:
        return [
            await workflow.execute_activity(custom_named, start_to_close_timeout=TEN_SECONDS),
            await workflow.execute_activity("your-activity", start_to_close_timeout=TEN_SECONDS),
            await workflow.execute_activity(named_by_its_function, start_to_close_timeout=TEN_SECONDS),
            await workflow.execute_activity_method(Scanner.scan, "111", start_to_close_timeout=TEN_SECONDS),
            await workflow.execute_activity("anything else", args=[1, "two"], start_to_close_timeout=TEN_SECONDS),
        ]
