"""The Python SDK's own time-skipping environment on perdure-test-server (path in PERDURE_TEST_SERVER)."""
import asyncio
import os
import sys
import time
from datetime import datetime, timedelta, timezone

from temporalio import activity, workflow
from temporalio.api.testservice.v1 import LockTimeSkippingRequest, UnlockTimeSkippingRequest
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

QUEUE = "time-skipping"


@activity.defn
async def note() -> str:
    await asyncio.sleep(0.3)
    return "noted"


@workflow.defn
class SleepsThirtyDays:
    @workflow.run
    async def run(self) -> list[str]:
        began = workflow.now()
        await asyncio.sleep(timedelta(days=30).total_seconds())
        slept = workflow.now() - began
        before = workflow.now()
        noted = await workflow.execute_activity(note, start_to_close_timeout=timedelta(minutes=5))
        took = workflow.now() - before
        return [str(slept.days), noted, "stood still" if took < timedelta(minutes=1) else f"took {took}"]


@workflow.defn
class WaitsForASignal:
    def __init__(self) -> None:
        self.by = ""

    @workflow.run
    async def run(self) -> str:
        await workflow.wait_condition(lambda: bool(self.by), timeout=timedelta(days=1))
        return self.by

    @workflow.signal
    def approve(self, by: str) -> None:
        self.by = by


async def result_skips_time(env):
    began = time.monotonic()
    result = await env.client.execute_workflow(SleepsThirtyDays.run, id="sleeps", task_queue=QUEUE)
    assert result == ["30", "noted", "stood still"], result
    assert time.monotonic() - began < 60, "a workflow that sleeps 30 days ends at once"


# [sleep]
async def sleep_moves_the_clock(env):
    handle = await env.client.start_workflow(WaitsForASignal.run, id="waits", task_queue=QUEUE)
    before = await env.get_current_time()
    await env.sleep(timedelta(hours=23))
    after = await env.get_current_time()
    assert timedelta(hours=23) <= after - before < timedelta(hours=23, minutes=5), after - before
    await handle.signal(WaitsForASignal.approve, "me")  # before its day is over
    assert await handle.result() == "me"
# [sleep]


async def time_stands_still_while_it_is_locked(env):
    with env.auto_time_skipping_disabled():
        handle = await env.client.start_workflow(WaitsForASignal.run, id="locked", task_queue=QUEUE)
        before = await env.get_current_time()
        try:
            await asyncio.wait_for(handle.result(), 1)
            raise AssertionError("a day passed")
        except asyncio.TimeoutError:
            pass
        assert await env.get_current_time() - before < timedelta(minutes=1)
        await handle.signal(WaitsForASignal.approve, "me")
        assert await handle.result() == "me"


async def unlocks_that_do_not_balance_are_refused(env):
    service = env.client.test_service
    await service.lock_time_skipping(LockTimeSkippingRequest())
    await service.unlock_time_skipping(UnlockTimeSkippingRequest())
    await service.unlock_time_skipping(UnlockTimeSkippingRequest())  # the lock it begins with
    try:
        await service.unlock_time_skipping(UnlockTimeSkippingRequest())
        raise AssertionError("it was unlocked three times")
    except RPCError as error:
        assert error.status == RPCStatusCode.FAILED_PRECONDITION, error
        assert "no lock to take away" in str(error), error
    await service.lock_time_skipping(LockTimeSkippingRequest())


async def main():
    # [environment]
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=os.environ["PERDURE_TEST_SERVER"]
    ) as env:
        # [environment]
        assert env.supports_time_skipping
        async with Worker(
            env.client, task_queue=QUEUE, workflows=[SleepsThirtyDays, WaitsForASignal], activities=[note]
        ):
            for check in (
                result_skips_time,
                sleep_moves_the_clock,
                time_stands_still_while_it_is_locked,
                unlocks_that_do_not_balance_are_refused,
            ):
                await check(env)
                print(f"ok {check.__name__}", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
    sys.stdout.flush()
    os._exit(0)
