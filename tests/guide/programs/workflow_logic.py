"""Deterministic workflow code, and the ways out of it that the guide forbids."""
import asyncio
import datetime
import os
import random
import subprocess
import threading
import time
import urllib.request
from datetime import timedelta

from temporalio import activity, workflow

SHARED = {"runs": 0}


@activity.defn
async def double(number: int) -> int:
    return 2 * number


@workflow.defn
class Deterministic:
    @workflow.run
    async def run(self) -> list:
        began = workflow.now()
        draws = [workflow.random().randint(0, 2**32) for _ in range(3)]
        identity = str(workflow.uuid4())
        await asyncio.sleep(0.01)
        doubled = await asyncio.gather(*[
            workflow.execute_activity(double, number, start_to_close_timeout=timedelta(seconds=10))
            for number in range(4)])
        slept = workflow.now() - began
        return [draws, identity, doubled, slept.total_seconds(), workflow.now().isoformat()]


@workflow.defn
class RunsTasksOfTheLoop:
    @workflow.run
    async def run(self) -> list[str]:
        done: list[str] = []

        async def background() -> None:
            await workflow.wait_condition(lambda: "timed out" in done)
            done.append("background")

        task = asyncio.create_task(background())
        await asyncio.sleep(0.01)
        done.append("slept")
        try:
            await asyncio.wait_for(asyncio.sleep(60), timeout=0.01)
        except asyncio.TimeoutError:
            done.append("timed out")
        await task
        return done


@workflow.defn
class Forbidden:
    @workflow.run
    async def run(self, what: str) -> None:
        if what == "threading":
            threading.Thread(target=print).start()
        elif what == "randomness":
            random.random()
        elif what == "process":
            subprocess.run(["true"])
        elif what == "network":
            urllib.request.urlopen("http://127.0.0.1:9/")
        elif what == "date":
            datetime.datetime.now()
        elif what == "time":
            time.time()
        elif what == "file":
            open(os.devnull)
        elif what == "entropy":
            os.urandom(4)


@workflow.defn
class CountsInAGlobal:
    @workflow.run
    async def run(self) -> int:
        SHARED["runs"] += 1
        return SHARED["runs"]


@workflow.defn(name="Changed")
class BeforeTheChange:
    @workflow.run
    async def run(self) -> int:
        await asyncio.sleep(0.01)
        return await workflow.execute_activity(double, 4, start_to_close_timeout=timedelta(seconds=10))


@workflow.defn(name="Changed")
class AfterTheChange:
    @workflow.run
    async def run(self) -> int:
        return await workflow.execute_activity(double, 4, start_to_close_timeout=timedelta(seconds=10))
