"""Guide: "Develop a basic Activity": asynchronous, multithreaded and multiprocess."""
import concurrent.futures
import contextlib
import multiprocessing
import os
import threading

import pytest
from observe import (all_of, decoded, names_of, only, pending_activity, run_worker, until)
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.exceptions import RetryState
from temporalio.worker import SharedStateManager
from temporalio.workflow import ActivityCancellationType
from three_kinds_of_activities import (CallsByName, beat_and_watch_in_process, beat_and_watch_sync,
                                       beat_until_cancelled_async, beat_until_cancelled_sync, fails_sync, resume_async,
                                       resume_sync, tell_where_async, tell_where_sync)
from your_activities_dacx import your_activity
from your_workflows_dacx import YourWorkflow

ACTIVITIES = {
    "async": [tell_where_async, beat_until_cancelled_async, resume_async],
    "threads": [tell_where_sync, beat_until_cancelled_sync, beat_and_watch_sync, resume_sync, fails_sync],
    "processes": [tell_where_sync, beat_and_watch_in_process, resume_sync, fails_sync],
}
WAIT = int(ActivityCancellationType.WAIT_CANCELLATION_COMPLETED)


@contextlib.asynccontextmanager
async def worker_of(kind, client, queue):
    options = {}
    with contextlib.ExitStack() as held:
        if kind == "threads":
            options["activity_executor"] = held.enter_context(
                concurrent.futures.ThreadPoolExecutor(4, thread_name_prefix="of-the-pool"))
        elif kind == "processes":
            spawn = multiprocessing.get_context("spawn")
            options["activity_executor"] = held.enter_context(
                concurrent.futures.ProcessPoolExecutor(1, mp_context=spawn))
            # The manager's process must not inherit this one's threads; fork would.
            options["shared_state_manager"] = SharedStateManager.create_from_multiprocessing(
                held.enter_context(spawn.Manager()))
        async with run_worker(client, queue, [CallsByName], ACTIVITIES[kind], **options) as worker:
            yield worker


async def call(client, queue, name, *arguments, cancellation=WAIT):
    return await client.start_workflow(CallsByName.run, args=[name, list(arguments), cancellation], id=queue,
                                       task_queue=queue)


async def first_heartbeat(handle):
    """The pending activity once the server has details of it, so it runs."""
    async def has_beaten():
        pending = await pending_activity(handle)
        return pending if pending and pending.HasField("heartbeat_details") else None
    return await until(has_beaten, "a heartbeat of the activity")


async def test_the_guides_activity(client, queue):
    async with run_worker(client, queue, [YourWorkflow], [your_activity]):
        assert await client.execute_workflow(YourWorkflow.run, "World", id=queue, task_queue=queue) == "Hello, World!"


@pytest.mark.parametrize("kind", ["async", "threads", "processes"])
async def test_an_activity_runs_where_it_should_and_knows_itself(client, queue, kind):
    async with worker_of(kind, client, queue):
        name = "tell_where_async" if kind == "async" else "tell_where_sync"
        handle = await call(client, queue, name)
        returned, place = await handle.result()
    assert returned == "returned"
    assert (place["workflow_id"], place["activity_id"], place["attempt"], place["task_queue"]) == (queue, "1", 1, queue)
    assert (place["process"] == os.getpid()) == (kind != "processes")
    if kind == "async":
        assert place["thread"] == threading.current_thread().name
    if kind == "threads":
        assert place["thread"].startswith("of-the-pool")
    assert (await names_of(handle))[4:7] == ["ActivityTaskScheduled", "ActivityTaskStarted", "ActivityTaskCompleted"]


@pytest.mark.parametrize("kind, name, ending", [
    ("async", "beat_until_cancelled_async", ["ActivityError", "CancelledError"]),
    ("threads", "beat_until_cancelled_sync", ["ActivityError", "CancelledError"]),
    ("processes", "beat_and_watch_in_process", ["ActivityError", "CancelledError"]),
])
async def test_heartbeats_bring_the_cancellation(client, queue, kind, name, ending):
    async with worker_of(kind, client, queue):
        handle = await call(client, queue, name, 400)
        pending = await first_heartbeat(handle)
        assert pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
        assert pending.last_heartbeat_time.ToNanoseconds() >= pending.last_started_time.ToNanoseconds() > 0
        assert isinstance(decoded(pending.heartbeat_details)[0], int)
        await handle.signal(CallsByName.cancel)
        result = await handle.result()
    assert result[:2] == ending
    requested = await only(handle, "ActivityTaskCancelRequested")
    canceled = await only(handle, "ActivityTaskCanceled")
    assert requested.scheduled_event_id == canceled.scheduled_event_id == 5
    assert canceled.latest_cancel_requested_event_id > 0
    names = await names_of(handle)
    assert names.index("ActivityTaskCancelRequested") < names.index("ActivityTaskCanceled")
    assert "ActivityTaskFailed" not in names


async def test_a_thread_may_look_for_the_cancellation_itself(client, queue):
    async with worker_of("threads", client, queue):
        handle = await call(client, queue, "beat_and_watch_sync", 400)
        await until(lambda: has_started(handle), "the activity started")
        await handle.signal(CallsByName.cancel)
        assert await handle.result() == ["returned", "saw the cancellation, asked for: True"]
    # It was asked to end and completed: completed is what counts.
    assert "ActivityTaskCancelRequested" in await names_of(handle)
    assert "ActivityTaskCompleted" in await names_of(handle)


async def has_started(handle):
    pending = await pending_activity(handle)
    return pending is not None and pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_STARTED


@pytest.mark.parametrize("kind", ["async", "threads", "processes"])
async def test_the_next_attempt_gets_the_heartbeat_details_of_the_last(client, queue, kind, tmp_path):
    may_crash = tmp_path / "may-crash"
    async with worker_of(kind, client, queue):
        handle = await call(client, queue, "resume_async" if kind == "async" else "resume_sync", str(may_crash))
        await first_heartbeat(handle)
        may_crash.touch()
        assert await handle.result() == ["returned", ["page", 7]]
    started = await only(handle, "ActivityTaskStarted")
    assert started.attempt == 2
    assert started.last_failure.message == "crashed after page 7"


@pytest.mark.parametrize("kind", ["threads", "processes"])
async def test_an_exception_arrives_from_a_thread_and_from_a_process(client, queue, kind):
    async with worker_of(kind, client, queue):
        handle = await call(client, queue, "fails_sync", "no such account")
        assert await handle.result() == ["ActivityError", "ApplicationError", "ValueError: no such account"]
    failed = await only(handle, "ActivityTaskFailed")
    assert failed.failure.application_failure_info.type == "ValueError"
    assert failed.retry_state == int(RetryState.MAXIMUM_ATTEMPTS_REACHED)
    assert [started.attempt for started in await all_of(handle, "ActivityTaskStarted")] == [2]


async def test_synchronous_activities_need_an_executor(client, queue):
    with pytest.raises(ValueError, match="executor"):
        async with run_worker(client, queue, [CallsByName], [tell_where_sync]):
            pass


async def test_a_process_pool_needs_a_shared_state_manager(client, queue):
    with concurrent.futures.ProcessPoolExecutor(1) as pool:
        with pytest.raises(ValueError, match="(?i)shared.state.manager"):
            async with run_worker(client, queue, [CallsByName], [tell_where_sync], activity_executor=pool):
                pass
