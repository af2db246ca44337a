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


QUICK_RETRIES = RetryPolicy(initial_interval=timedelta(milliseconds=10), maximum_interval=timedelta(milliseconds=200))


@workflow.defn
class RegisteredLater:
    @workflow.run
    async def run(self) -> str:
        return await workflow.execute_activity(registered_later, start_to_close_timeout=timedelta(seconds=10),
                                               retry_policy=QUICK_RETRIES)


@workflow.defn
class OtherWorkflow:
    @workflow.run
    async def run(self) -> str:
        return await workflow.execute_activity(other_activity, start_to_close_timeout=timedelta(seconds=10))
