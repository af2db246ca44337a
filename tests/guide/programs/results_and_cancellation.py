"""Handles of activities: awaited in any order, and cancelled in each of the three ways."""
import asyncio
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

TEN_SECONDS = timedelta(seconds=10)
ONCE = RetryPolicy(maximum_attempts=1)
# What activities went through, by workflow id.
SEEN: dict[str, list[str]] = {}


def see(what: str) -> None:
    SEEN.setdefault(activity.info().workflow_id, []).append(what)


@activity.defn
async def wait_and_say(seconds: float, text: str) -> str:
    await asyncio.sleep(seconds)
    return text


RELEASED: dict[str, asyncio.Event] = {}


@activity.defn
async def hold() -> str:
    """Ends once release() has run for the same workflow."""
    await RELEASED.setdefault(activity.info().workflow_id, asyncio.Event()).wait()
    return "held"


@activity.defn
async def release() -> str:
    RELEASED.setdefault(activity.info().workflow_id, asyncio.Event()).set()
    return "released"


@activity.defn
async def fail_with(text: str) -> None:
    raise ApplicationError(text, type="Expected")


@activity.defn
async def beat_until_cancelled() -> None:
    try:
        while True:
            activity.heartbeat()
            await asyncio.sleep(0.05)
    except asyncio.CancelledError:
        see("cancelled")
        raise


@activity.defn
async def finish_although_cancelled() -> str:
    try:
        while True:
            activity.heartbeat()
            await asyncio.sleep(0.05)
    except asyncio.CancelledError:
        return "finished all the same"


@activity.defn
async def fail_when_cancelled() -> None:
    try:
        while True:
            activity.heartbeat()
            await asyncio.sleep(0.05)
    except asyncio.CancelledError:
        raise ApplicationError("could not clean up") from None


HANDLE_ACTIVITIES = [wait_and_say, hold, release, fail_with, beat_until_cancelled, finish_although_cancelled,
                     fail_when_cancelled]


@workflow.defn
class AwaitsInAnotherOrder:
    @workflow.run
    async def run(self) -> list[str]:
        first = workflow.start_activity(hold, start_to_close_timeout=TEN_SECONDS)
        second = workflow.start_activity(release, start_to_close_timeout=TEN_SECONDS)
        order = [await second, await first]
        return order + [await second, await first]


@workflow.defn
class GoesOnMeanwhile:
    @workflow.run
    async def run(self) -> list:
        handle = workflow.start_activity(hold, start_to_close_timeout=TEN_SECONDS)
        meanwhile = await workflow.execute_activity(wait_and_say, args=[0, "meanwhile"],
                                                    start_to_close_timeout=TEN_SECONDS)
        done = handle.done()
        await workflow.execute_activity(release, start_to_close_timeout=TEN_SECONDS)
        return [meanwhile, done, await handle]


@workflow.defn
class HandlesFailure:
    @workflow.run
    async def run(self) -> list:
        handle = workflow.start_activity(fail_with, "this time", start_to_close_timeout=TEN_SECONDS, retry_policy=ONCE)
        try:
            await handle
        except ActivityError as error:
            instead = await workflow.execute_activity(wait_and_say, args=[0, "plan B"],
                                                      start_to_close_timeout=TEN_SECONDS)
            return [str(error), str(error.cause), instead, type(handle.exception()).__name__]
        return []


@workflow.defn
class CancelsHandle:
    """Cancels the activity `name` once asked to, or at once; tells how the handle ended."""

    def __init__(self) -> None:
        self.asked = False

    @workflow.run
    async def run(self, name: str, queue: str, cancellation: int, at_once: bool) -> list:
        handle = workflow.start_activity(
            name, task_queue=queue, start_to_close_timeout=timedelta(seconds=30),
            heartbeat_timeout=timedelta(seconds=10), retry_policy=ONCE,
            cancellation_type=workflow.ActivityCancellationType(cancellation))
        if not at_once:
            await workflow.wait_condition(lambda: self.asked)
        handle.cancel()
        try:
            result = await handle
        except ActivityError as error:
            return [type(error.cause).__name__, str(error.cause), handle.cancelled()]
        except asyncio.CancelledError:
            return ["CancelledError of asyncio", "", handle.cancelled()]
        return ["returned", result, handle.cancelled()]

    @workflow.signal
    def cancel(self) -> None:
        self.asked = True


@workflow.defn
class IsCancelledAsAWhole:
    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity(
            beat_until_cancelled, start_to_close_timeout=timedelta(seconds=30), heartbeat_timeout=timedelta(seconds=10),
            retry_policy=ONCE, cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED)


HANDLE_WORKFLOWS = [AwaitsInAnotherOrder, GoesOnMeanwhile, HandlesFailure, CancelsHandle, IsCancelledAsAWhole]
