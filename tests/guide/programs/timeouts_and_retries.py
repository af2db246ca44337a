"""Activities that miss a timeout or fail, and a workflow that tells how that ended."""
import asyncio
from datetime import timedelta
from typing import Any

from temporalio import activity, workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, TimeoutError

# When the server scheduled each attempt, by workflow id.
ATTEMPTS: dict[str, list[tuple[int, float]]] = {}


def note_attempt() -> int:
    info = activity.info()
    ATTEMPTS.setdefault(info.workflow_id, []).append(
        (info.attempt, info.current_attempt_scheduled_time.timestamp()))
    return info.attempt


@activity.defn
async def hang() -> None:
    note_attempt()
    await asyncio.sleep(60)


@activity.defn
async def beat_once_and_hang() -> None:
    note_attempt()
    activity.heartbeat("last", "words")
    await asyncio.sleep(60)


@activity.defn
async def beat_often() -> str:
    for _ in range(20):
        activity.heartbeat()
        await asyncio.sleep(0.2)  # longer than the timeout, all in all
    return "ended"


@activity.defn
async def hang_the_first_time() -> str:
    if note_attempt() == 1:
        await asyncio.sleep(60)
    return "second"


@activity.defn
async def fail_until(attempt: int) -> int:
    if note_attempt() < attempt:
        raise RuntimeError(f"attempt {activity.info().attempt}")
    return activity.info().attempt


@activity.defn
async def raise_value_error() -> None:
    note_attempt()
    raise ValueError("bad account")


@activity.defn
async def raise_typed(type: str, non_retryable: bool) -> None:
    note_attempt()
    raise ApplicationError("typed", type=type, non_retryable=non_retryable)


@activity.defn
async def choose_next_delay() -> int:
    if note_attempt() == 1:
        raise ApplicationError("soon", next_retry_delay=timedelta(milliseconds=300))
    return activity.info().attempt


TIMEOUT_ACTIVITIES = [hang, beat_once_and_hang, beat_often, hang_the_first_time, fail_until, raise_value_error,
                      raise_typed, choose_next_delay]


@workflow.defn
class Observes:
    """Runs the activity `name` with `options`: timeouts and intervals in seconds."""

    @workflow.run
    async def run(self, name: str, arguments: list, options: dict[str, Any]) -> dict:
        keywords: dict[str, Any] = {key: timedelta(seconds=value) if key.endswith("_timeout") else value
                                    for key, value in options.items() if key != "retry"}
        if "retry" in options:
            keywords["retry_policy"] = RetryPolicy(**{
                key: timedelta(seconds=value) if key.endswith("_interval") else value
                for key, value in options["retry"].items()})
        try:
            return {"returned": await workflow.execute_activity(name, args=arguments, **keywords)}
        except ActivityError as error:
            told = {"retry_state": error.retry_state.name, "cause": type(error.cause).__name__,
                    "message": str(error.cause)}
            if isinstance(error.cause, TimeoutError):
                told["type"] = error.cause.type.name
                told["details"] = list(error.cause.last_heartbeat_details)
            if error.cause.__cause__:
                told["inner"] = str(error.cause.__cause__)
            return told


@workflow.defn
class SetsNoTimeout:
    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity(hang)
