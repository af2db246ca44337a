"""Types that some workers know and others do not."""
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.common import RetryPolicy


@activity.defn
async def registered_later() -> str:
    return "registered"


@activity.defn
async def other_activity() -> str:
    return "other"


# Long enough for a worker to stop between two attempts: a task handed to a stopping worker is lost to its timeout.
RETRIES = RetryPolicy(initial_interval=timedelta(seconds=1), backoff_coefficient=1.0)


@workflow.defn
class RegisteredLater:
    @workflow.run
    async def run(self) -> str:
        return await workflow.execute_activity(registered_later, start_to_close_timeout=timedelta(seconds=10),
                                               retry_policy=RETRIES)


@workflow.defn
class OtherWorkflow:
    @workflow.run
    async def run(self) -> str:
        return await workflow.execute_activity(other_activity, start_to_close_timeout=timedelta(seconds=10))
