"""Side effects in the workflow (wrong) and in an activity (right)."""
from datetime import timedelta
import socket

from temporalio import activity, workflow

with workflow.unsafe.imports_passed_through():
    from scan_inputs import ScanInput


@activity.defn
async def scan_ec2_activity(account_id: str, region: str):
    return {"account": account_id, "region": region, "instances": 3}


@workflow.defn
class WrongScan:
    @workflow.run
    async def run(self, input: ScanInput):
        connection = socket.create_connection(("127.0.0.1", 9))
        connection.close()


@workflow.defn
class RightScan:
    @workflow.run
    async def run(self, input: ScanInput):
        return await workflow.execute_activity(
            scan_ec2_activity,
            args=[input.account_id, input.region],
            start_to_close_timeout=timedelta(minutes=5),
        )


@workflow.defn
class ScanWithPositionalArguments:
    @workflow.run
    async def run(self, input: ScanInput):
        await workflow.execute_activity(
            scan_ec2_activity,
            input.account_id,
            input.region,
            start_to_close_timeout=timedelta(minutes=5),
        )
