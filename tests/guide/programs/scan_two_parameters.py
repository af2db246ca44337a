from temporalio import workflow


@workflow.defn
class ScanWorkflow:
    @workflow.run
    async def run(self, account_id: str, region: str):
        return f"{account_id} in {region}"
