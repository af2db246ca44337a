"""Activities and workflows whose data is as large as the test asks for."""
import asyncio
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError

RETRIES = RetryPolicy(maximum_attempts=2, initial_interval=timedelta(milliseconds=10))


@activity.defn
async def measure(*texts: str) -> int:
    return sum(len(text) for text in texts)


@activity.defn
async def produce(size: int) -> str:
    return "x" * size


@activity.defn
async def fail_at_length(size: int) -> None:
    raise ApplicationError("long " + "x" * size, type="LongFailure")


@activity.defn
async def fail_with_details(size: int) -> None:
    raise ApplicationError("much to say", "x" * size, type="LargeDetails", non_retryable=True)


@activity.defn
async def beat_with(size: int) -> str:
    activity.heartbeat("x" * size)
    await asyncio.sleep(20)  # The server's answer to the heartbeat cancels it.
    return "never stopped"


@workflow.defn
class TakesText:
    @workflow.run
    async def run(self, *texts: str) -> int:
        return sum(len(text) for text in texts)


@workflow.defn
class ReturnsText:
    @workflow.run
    async def run(self, size: int) -> str:
        return "x" * size


@workflow.defn
class PassesText:
    """Calls `measure` once for each of `sizes` at the same time."""

    @workflow.run
    async def run(self, sizes: list[int]) -> int:
        handles = [workflow.start_activity(measure, "x" * size, start_to_close_timeout=timedelta(seconds=10),
                                           retry_policy=RETRIES) for size in sizes]
        return sum([await handle for handle in handles])


@workflow.defn
class CallsWithSize:
    """Tells how the activity `name`, called with `size`, ended."""

    @workflow.run
    async def run(self, name: str, size: int, seconds: int) -> list:
        try:
            result = await workflow.execute_activity(
                name, size, start_to_close_timeout=timedelta(seconds=seconds), heartbeat_timeout=timedelta(seconds=8),
                retry_policy=RETRIES)
            return ["returned", len(result)]
        except Exception as error:
            cause = error.__cause__
            return [type(error).__name__, error.retry_state.name, type(cause).__name__, str(cause)[:60]]


SIZE_WORKFLOWS = [TakesText, ReturnsText, PassesText, CallsWithSize]
SIZE_ACTIVITIES = [measure, produce, fail_at_length, fail_with_details, beat_with]
