"""What a run ends with: one of a result and an error."""
from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError


@dataclass
class ScanReport:
    account_id: str
    findings: list[str]


@workflow.defn
class ReturnsObject:
    @workflow.run
    async def run(self, account_id: str) -> ScanReport:
        return ScanReport(account_id, ["open port"])


@workflow.defn
class ReturnsNothing:
    @workflow.run
    async def run(self) -> None:
        return


@workflow.defn
class ReturnsFunction:
    @workflow.run
    async def run(self):
        return lambda: None


@workflow.defn
class RaisesApplicationError:
    @workflow.run
    async def run(self) -> str:
        try:
            raise ValueError("the region is empty")
        except ValueError as error:
            raise ApplicationError("cannot scan", {"region": ""}, 7, type="BadScan", non_retryable=True) from error


class ScanRefused(Exception):
    pass


@workflow.defn
class RaisesOtherError:
    @workflow.run
    async def run(self) -> str:
        raise ScanRefused("not today")


@activity.defn
async def failing_scan() -> None:
    try:
        raise KeyError("eu")
    except KeyError as error:
        raise ApplicationError("no such region", "eu", type="UnknownRegion") from error


@workflow.defn
class LetsActivityFail:
    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity(failing_scan, start_to_close_timeout=timedelta(seconds=10),
                                        retry_policy=RetryPolicy(maximum_attempts=1))


RESULT_WORKFLOWS = [ReturnsObject, ReturnsNothing, ReturnsFunction, RaisesApplicationError, RaisesOtherError,
                    LetsActivityFail]
