"""Programs whose histories must be the same on every service: each is a workflow and what a client does with it."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Awaitable, Callable

import other_runs
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle, WorkflowQueryFailedError
from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateStage
from temporalio.common import RetryPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ActivityError, ApplicationError

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@activity.defn
async def greet(name: str) -> str:
    return f"Hello, {name}!"


@activity.defn
async def fail_until(attempt: int) -> int:
    if activity.info().attempt < attempt:
        raise ApplicationError(f"attempt {activity.info().attempt}", {"attempt": activity.info().attempt}, type="TooSoon")
    return activity.info().attempt


@activity.defn
async def fail_for_good() -> None:
    raise ApplicationError("no way", type="Hopeless", non_retryable=True)


@activity.defn
async def wait_for_cancellation() -> str:
    """Heartbeats, so that it hears of its cancellation."""
    try:
        while True:
            activity.heartbeat("waiting")
            await asyncio.sleep(0.2)
    except asyncio.CancelledError:
        if activity.info().activity_id == "obstinate":
            return "done anyway"
        raise


@activity.defn
async def remember_progress() -> Any:
    details = list(activity.info().heartbeat_details)
    if not details:
        activity.heartbeat("half", 50)
        raise ApplicationError("interrupted")
    return details


@activity.defn
async def never_ends() -> None:
    await asyncio.sleep(3600)


@activity.defn
async def goes_on_elsewhere() -> str:
    activity.raise_complete_async()


ACTIVITIES = [
    greet, fail_until, fail_for_good, wait_for_cancellation, remember_progress, never_ends, goes_on_elsewhere,
]  # fmt: skip


@workflow.defn
class Hello:
    @workflow.run
    async def run(self, name: str) -> str:
        return await workflow.execute_activity(greet, name, start_to_close_timeout=MINUTE)


@workflow.defn
class Queried:
    def __init__(self) -> None:
        self.said: list[str] = []

    @workflow.run
    async def run(self) -> int:
        await workflow.wait_condition(lambda: "done" in self.said)
        return len(self.said)

    @workflow.signal
    def say(self, text: str) -> None:
        self.said.append(text)

    @workflow.query
    def count(self) -> int:
        return len(self.said)

    @workflow.query
    def fails(self) -> int:
        raise ApplicationError("no answer")


@workflow.defn
class Updated:
    def __init__(self) -> None:
        self.total = 0
        self.finished = False

    @workflow.run
    async def run(self) -> int:
        await workflow.wait_condition(lambda: self.finished)
        return self.total

    @workflow.update
    def add(self, number: int) -> int:
        self.total += number
        return self.total

    @add.validator
    def is_positive(self, number: int) -> None:
        if number < 0:
            raise ApplicationError("negative")

    @workflow.update
    async def slowly(self, number: int) -> int:
        await asyncio.sleep(0.5)
        return self.add(number)

    @workflow.update
    def fails(self) -> None:
        raise ApplicationError("not today")

    @workflow.update
    def finish(self) -> int:
        self.finished = True
        return self.total


@workflow.defn
class Empty:
    @workflow.run
    async def run(self) -> None:
        return None


@workflow.defn
class Timers:
    @workflow.run
    async def run(self) -> str:
        await asyncio.sleep(0.3)
        long = asyncio.create_task(asyncio.sleep(3600))
        await asyncio.sleep(0.1)
        long.cancel()
        return "slept"


@workflow.defn
class Retries:
    @workflow.run
    async def run(self) -> int:
        return await workflow.execute_activity(
            fail_until, 3, start_to_close_timeout=MINUTE,
            retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_attempts=5),
        )  # fmt: skip


@workflow.defn
class ActivityFailures:
    @workflow.run
    async def run(self) -> list[str]:
        told = []
        for run in (
            lambda: workflow.execute_activity(fail_for_good, start_to_close_timeout=MINUTE),
            lambda: workflow.execute_activity(
                fail_until, 9, start_to_close_timeout=MINUTE,
                retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=50), maximum_attempts=2),
            ),
            lambda: workflow.execute_activity(
                fail_until, 9, start_to_close_timeout=MINUTE,
                retry_policy=RetryPolicy(non_retryable_error_types=["TooSoon"]),
            ),
        ):  # fmt: skip
            try:
                await run()
            except ActivityError as error:
                told.append(f"{error.retry_state}: {error.cause}")
        return told


@workflow.defn
class ActivityTimeouts:
    @workflow.run
    async def run(self) -> list[str]:
        once = RetryPolicy(maximum_attempts=1)
        told = []
        for options in (
            {"start_to_close_timeout": SECOND, "retry_policy": once},
            {"schedule_to_close_timeout": SECOND},
            {"start_to_close_timeout": MINUTE, "heartbeat_timeout": SECOND, "retry_policy": once},
            {"start_to_close_timeout": MINUTE, "schedule_to_start_timeout": SECOND, "task_queue": "nobody-polls"},
        ):
            try:
                await workflow.execute_activity(never_ends, **options)
            except ActivityError as error:
                told.append(f"{error.retry_state}: {error.cause}")
        return told


@workflow.defn
class Signals:
    def __init__(self) -> None:
        self.heard: list[str] = []

    @workflow.run
    async def run(self) -> list[str]:
        await workflow.wait_condition(lambda: "stop" in self.heard)
        return self.heard

    @workflow.signal
    def tell(self, what: str) -> None:
        self.heard.append(what)


@workflow.defn
class Cancellation:
    @workflow.run
    async def run(self, kind: int, activity_id: str) -> str:
        handle = workflow.start_activity(
            wait_for_cancellation, activity_id=activity_id, start_to_close_timeout=MINUTE, heartbeat_timeout=MINUTE / 6,
            cancellation_type=workflow.ActivityCancellationType(kind),
        )  # fmt: skip
        await asyncio.sleep(0.5)
        handle.cancel()
        try:
            return await handle
        except ActivityError as error:
            return f"{type(error.cause).__name__}"


@workflow.defn
class CancelledFromOutside:
    @workflow.run
    async def run(self) -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.shield(workflow.execute_activity(greet, "cleaner", start_to_close_timeout=MINUTE))


@workflow.defn
class Continues:
    @workflow.run
    async def run(self, left: int) -> str:
        await asyncio.sleep(1.1)
        if left:
            workflow.continue_as_new(left - 1)
        return "enough"


@workflow.defn
class Fails:
    @workflow.run
    async def run(self) -> None:
        raise ApplicationError("it went wrong", {"code": 7}, type="Wrong", non_retryable=workflow.info().attempt > 1)


@workflow.defn
class FailsATask:
    @workflow.run
    async def run(self) -> int:
        if workflow.info().attempt == 1 and not FAILED_ONCE:
            FAILED_ONCE.append(True)
            raise RuntimeError("a bug")
        return 1


FAILED_ONCE: list[bool] = []


@workflow.defn
class Parallel:
    @workflow.run
    async def run(self) -> list[str]:
        return [await workflow.execute_activity(greet, str(i), start_to_close_timeout=MINUTE) for i in range(3)]


@workflow.defn
class Progress:
    @workflow.run
    async def run(self) -> Any:
        return await workflow.execute_activity(
            remember_progress, start_to_close_timeout=MINUTE, heartbeat_timeout=MINUTE,
            retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=100)),
        )  # fmt: skip


@workflow.defn
class Elsewhere:
    @workflow.run
    async def run(self) -> list[str]:
        told = []
        for activity_id in ("completed", "failed"):
            try:
                told.append(await workflow.execute_activity(
                    goes_on_elsewhere, activity_id=activity_id, start_to_close_timeout=MINUTE,
                    retry_policy=RetryPolicy(maximum_attempts=1),
                ))  # fmt: skip
            except ActivityError as error:
                told.append(str(error.cause))
        return told


WORKFLOWS = [
    Queried, Updated,
    Hello, Empty, Timers, Retries, ActivityFailures, ActivityTimeouts, Signals, Cancellation, CancelledFromOutside,
    Continues, Fails, FailsATask, Parallel, Progress, Elsewhere, *other_runs.WORKFLOWS,
]  # fmt: skip


@dataclass
class Program:
    name: str
    workflow: Any
    arguments: list = None
    options: dict = None
    act: Callable[[Client, WorkflowHandle], Awaitable[None]] | None = None

    async def run(self, client: Client, task_queue: str, workflow_id: str) -> str:
        """What the client gets in the end; the histories are the service's."""
        FAILED_ONCE.clear()
        handle = await client.start_workflow(
            self.workflow.run, args=self.arguments or [], id=workflow_id, task_queue=task_queue, **(self.options or {})
        )
        if self.act:
            await self.act(client, handle)
        try:
            return repr(await handle.result())
        except WorkflowFailureError as error:
            return f"{type(error.cause).__name__}: {error.cause}"


async def until(handle: WorkflowHandle, event: str, count: int = 1) -> None:
    """Until the history has that many events of that type."""
    while True:
        found = [e async for e in handle.fetch_history_events() if e.HasField(f"{event}_event_attributes")]
        if len(found) >= count:
            return
        await asyncio.sleep(0.05)


async def say_things(client: Client, handle: WorkflowHandle) -> None:
    await until(handle, "workflow_task_completed")
    await handle.signal(Signals.tell, "one")
    await until(handle, "workflow_task_completed", 2)
    await handle.signal("unknown", "nobody hears")
    await until(handle, "workflow_task_completed", 3)
    await handle.signal(Signals.tell, "stop")


async def cancel(client: Client, handle: WorkflowHandle) -> None:
    await until(handle, "timer_started")
    await handle.cancel()


async def terminate(client: Client, handle: WorkflowHandle) -> None:
    await until(handle, "workflow_task_completed")
    await handle.terminate("enough", reason="a test")


async def start_again(client: Client, handle: WorkflowHandle) -> None:
    await handle.result()
    await client.start_workflow(
        Hello.run, "again", id=handle.id, task_queue="unused", id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE
    )
    await client.get_workflow_handle(handle.id).terminate()


async def finish_elsewhere(client: Client, handle: WorkflowHandle) -> None:
    for activity_id in ("completed", "failed"):
        while activity_id not in await started_activities(handle):
            await asyncio.sleep(0.05)
        other = client.get_async_activity_handle(workflow_id=handle.id, run_id=None, activity_id=activity_id)
        await other.heartbeat("on the way")
        if activity_id == "completed":
            await other.complete("by another")
        else:
            await other.fail(ApplicationError("by another"))


async def started_activities(handle: WorkflowHandle) -> list[str]:
    description = (await handle.describe()).raw_description
    return [pending.activity_id for pending in description.pending_activities if pending.HasField("last_started_time")]


async def query(client: Client, handle: WorkflowHandle) -> None:
    """Queries leave no trace, whichever way they take."""
    assert await handle.query(Queried.count) == 0
    for number in (1, 2):
        await handle.signal(Queried.say, f"{number}")
        assert await handle.query(Queried.count) == number
    for bad in ("fails", "unknown"):
        try:
            await handle.query(bad)
            raise AssertionError(f"the query {bad} has an answer")
        except WorkflowQueryFailedError:
            pass
    await handle.signal(Queried.say, "done")
    await handle.result()
    assert await handle.query(Queried.count) == 3


async def update(client: Client, handle: WorkflowHandle) -> None:
    """Accepted ones leave their events, rejected ones none."""
    await until(handle, "workflow_task_completed")
    assert await handle.execute_update(Updated.add, 1) == 1
    for bad in (-1, -2):
        try:
            await handle.execute_update(Updated.add, bad)
            raise AssertionError(f"{bad} was accepted")
        except WorkflowUpdateFailedError as error:
            assert "negative" in str(error.cause)
    slow = await handle.start_update(Updated.slowly, 2, wait_for_stage=WorkflowUpdateStage.ACCEPTED)
    assert await slow.result() == 3
    assert await handle.get_update_handle(slow.id).result() == 3
    try:
        await handle.execute_update(Updated.fails)
        raise AssertionError("it failed")
    except WorkflowUpdateFailedError:
        pass
    assert await handle.execute_update(Updated.finish) == 3


CANCELLATION = workflow.ActivityCancellationType
PROGRAMS = [
    Program("hello", Hello, ["World"]),
    Program("empty", Empty),
    Program("timers", Timers),
    Program("retries", Retries),
    Program("activity-failures", ActivityFailures),
    Program("activity-timeouts", ActivityTimeouts),
    Program("signals", Signals, act=say_things),
    Program("try-cancel", Cancellation, [CANCELLATION.TRY_CANCEL.value, "willing"]),
    Program("wait-cancel", Cancellation, [CANCELLATION.WAIT_CANCELLATION_COMPLETED.value, "willing"]),
    Program("wait-cancel-obstinate", Cancellation, [CANCELLATION.WAIT_CANCELLATION_COMPLETED.value, "obstinate"]),
    Program("abandon", Cancellation, [CANCELLATION.ABANDON.value, "willing"]),
    Program("cancelled", CancelledFromOutside, act=cancel),
    Program("terminated", Signals, act=terminate),
    Program("continues", Continues, [2]),
    Program("fails", Fails, options={"retry_policy": RetryPolicy(initial_interval=SECOND, maximum_attempts=3)}),
    Program("fails-a-task", FailsATask),
    Program("run-timeout", Signals, options={"run_timeout": SECOND}),
    Program("execution-timeout", Signals, options={"execution_timeout": SECOND, "retry_policy": RetryPolicy()}),
    Program("start-delay", Hello, ["later"], {"start_delay": SECOND}),
    Program("memo", Hello, ["memo"], {"memo": {"note": 1}, "static_summary": "in short"}),
    Program("several-activities", Parallel),
    Program("progress", Progress),
    Program("elsewhere", Elsewhere, act=finish_elsewhere),
    Program("updated", Updated, act=update),
    Program("queried", Queried, act=query),
    Program("id-again", Hello, ["first"], act=start_again),
    *(Program(*parts) for parts in other_runs.PROGRAMS),
]
