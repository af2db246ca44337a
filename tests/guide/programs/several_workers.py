"""What several workers share: activities that tell which queue they ran on."""
import asyncio
from datetime import timedelta

from temporalio import activity, workflow

TEN_SECONDS = timedelta(seconds=10)


@activity.defn
async def say_queue() -> str:
    return activity.info().task_queue


@activity.defn
async def say_worker() -> str:
    await asyncio.sleep(0.02)
    return activity.info().workflow_id


@activity.defn
async def slow_to_answer() -> str:
    STARTED.add(activity.info().workflow_id)
    await asyncio.sleep(0.5)
    return activity.info().task_queue


STARTED: set[str] = set()
SEVERAL_ACTIVITIES = [say_queue, say_worker, slow_to_answer]


@workflow.defn
class CallsOnQueues:
    @workflow.run
    async def run(self, queues: list[str], name: str = "say_queue") -> list[str]:
        return list(await asyncio.gather(*[
            workflow.execute_activity(name, task_queue=queue, start_to_close_timeout=TEN_SECONDS) for queue in queues]))


@workflow.defn
class SaysWhereItRan:
    @workflow.run
    async def run(self) -> str:
        return await workflow.execute_activity(say_worker, start_to_close_timeout=TEN_SECONDS)
