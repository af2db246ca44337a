"""The same long activity three times: on the event loop, on a thread, in a process of its own."""
import asyncio
import os
import threading
import time
from dataclasses import dataclass
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError, CancelledError


@dataclass
class Where:
    process: int
    thread: str
    workflow_id: str
    activity_id: str
    attempt: int
    task_queue: str


def where() -> Where:
    info = activity.info()
    return Where(os.getpid(), threading.current_thread().name, info.workflow_id, info.activity_id, info.attempt,
                 info.task_queue)


@activity.defn
async def tell_where_async() -> Where:
    await asyncio.sleep(0)
    return where()


@activity.defn
def tell_where_sync() -> Where:
    return where()


@activity.defn
async def beat_until_cancelled_async(beats: int) -> str:
    for beat in range(beats):
        activity.heartbeat(beat, "beat")
        await asyncio.sleep(0.05)
    return "never cancelled"


@activity.defn
def beat_until_cancelled_sync(beats: int) -> str:
    for beat in range(beats):
        activity.heartbeat(beat, "beat")
        time.sleep(0.05)
    return "never cancelled"


@activity.defn(no_thread_cancel_exception=True)
def beat_and_watch_sync(beats: int) -> str:
    """Is not interrupted: it looks itself."""
    for beat in range(beats):
        activity.heartbeat(beat)
        if activity.is_cancelled():
            return f"saw the cancellation, asked for: {activity.cancellation_details().cancel_requested}"
        time.sleep(0.05)
    return "never cancelled"


@activity.defn
def beat_and_watch_in_process(beats: int) -> str:
    for beat in range(beats):
        activity.heartbeat(beat, os.getpid())
        if activity.is_cancelled():
            raise CancelledError(f"cancelled in a process after {min(beat, 1)} beats or more")
        time.sleep(0.05)
    return "never cancelled"


@activity.defn
async def resume_async(may_crash: str) -> list:
    """The first attempt says how far it came and crashes once the file `may_crash` is there."""
    if activity.info().attempt > 1:
        return list(activity.info().heartbeat_details)
    while not os.path.exists(may_crash):
        activity.heartbeat("page", 7)
        await asyncio.sleep(0.02)
    raise ApplicationError("crashed after page 7")


@activity.defn
def resume_sync(may_crash: str) -> list:
    if activity.info().attempt > 1:
        return list(activity.info().heartbeat_details)
    while not os.path.exists(may_crash):
        activity.heartbeat("page", 7)
        time.sleep(0.02)
    raise ApplicationError("crashed after page 7")


@activity.defn
def fails_sync(message: str) -> None:
    raise ValueError(message)


@workflow.defn
class CallsByName:
    """Starts the activity of this name; on the signal `cancel` cancels it and tells how it ended."""

    def __init__(self) -> None:
        self.cancel_asked = False

    @workflow.run
    async def run(self, name: str, arguments: list, cancellation: int) -> list:
        handle = workflow.start_activity(
            name, args=arguments, start_to_close_timeout=timedelta(seconds=30), heartbeat_timeout=timedelta(seconds=10),
            retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=10), maximum_attempts=2),
            cancellation_type=workflow.ActivityCancellationType(cancellation))
        await workflow.wait_condition(lambda: self.cancel_asked or handle.done())
        if self.cancel_asked:
            handle.cancel()
        try:
            return ["returned", await handle]
        except Exception as error:
            return [type(error).__name__, type(error.__cause__).__name__, str(error.__cause__)]

    @workflow.signal
    def cancel(self) -> None:
        self.cancel_asked = True
