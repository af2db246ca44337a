"""The ways in which a workflow spawns activities."""
import asyncio
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.common import RetryPolicy

TEN_SECONDS = timedelta(seconds=10)


@activity.defn
async def join(*parts: str) -> str:
    return "-".join(parts)


@activity.defn
async def queue_of() -> str:
    return activity.info().task_queue


@activity.defn
async def meet(arrived: int) -> int:
    """Returns only once it has been started `arrived` times: all of them run at the same time."""
    MEETING.append(activity.info().activity_id)
    while len(MEETING) < arrived:
        await asyncio.sleep(0.01)
    return len(MEETING)


MEETING: list[str] = []


@workflow.defn
class ExecutesInOneGo:
    @workflow.run
    async def run(self) -> str:
        return await workflow.execute_activity(join, "one", start_to_close_timeout=TEN_SECONDS)


@workflow.defn
class StartsAndAwaits:
    @workflow.run
    async def run(self) -> list:
        handle = workflow.start_activity(join, args=["one", "two"], activity_id="chosen-id",
                                         start_to_close_timeout=TEN_SECONDS)
        before = handle.done()
        result = await handle
        return [before, handle.done(), result, handle.result()]


@workflow.defn
class StartsSeveral:
    @workflow.run
    async def run(self, several: int) -> list[int]:
        handles = [workflow.start_activity(meet, several, start_to_close_timeout=TEN_SECONDS) for _ in range(several)]
        return list(await asyncio.gather(*handles))


@workflow.defn
class UsesOtherQueue:
    @workflow.run
    async def run(self, other: str) -> list[str]:
        return [await workflow.execute_activity(queue_of, start_to_close_timeout=TEN_SECONDS),
                await workflow.execute_activity(queue_of, task_queue=other, start_to_close_timeout=TEN_SECONDS)]


@workflow.defn
class SetsEveryOption:
    @workflow.run
    async def run(self) -> str:
        return await workflow.execute_activity(
            join, "x", activity_id="all options", schedule_to_close_timeout=timedelta(seconds=9),
            schedule_to_start_timeout=timedelta(seconds=8), start_to_close_timeout=timedelta(seconds=7),
            heartbeat_timeout=timedelta(seconds=6), summary="what it is for",
            retry_policy=RetryPolicy(initial_interval=timedelta(seconds=2), backoff_coefficient=3,
                                     maximum_interval=timedelta(seconds=40), maximum_attempts=4,
                                     non_retryable_error_types=["ValueError", "KeyError"]))


@workflow.defn
class StartsWithSameId:
    @workflow.run
    async def run(self) -> None:
        first = workflow.start_activity(join, "1", activity_id="same", start_to_close_timeout=TEN_SECONDS)
        second = workflow.start_activity(join, "2", activity_id="same", start_to_close_timeout=TEN_SECONDS)
        await asyncio.gather(first, second)


STARTING_WORKFLOWS = [ExecutesInOneGo, StartsAndAwaits, StartsSeveral, UsesOtherQueue, SetsEveryOption,
                      StartsWithSameId]
STARTING_ACTIVITIES = [join, queue_of, meet]
