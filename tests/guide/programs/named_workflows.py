"""Workflow types with a name of their own, with the class's name, and one that takes any."""
from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue


@workflow.defn(name="your-workflow-name")
class CustomNamed:
    @workflow.run
    async def run(self) -> str:
        return workflow.info().workflow_type


@workflow.defn
class NamedByItsClass:
    @workflow.run
    async def run(self) -> str:
        return workflow.info().workflow_type


@workflow.defn(name="Größe/☃ with spaces")
class UnusuallyNamed:
    @workflow.run
    async def run(self) -> str:
        return workflow.info().workflow_type


@workflow.defn(dynamic=True)
class TakesAnyType:
    @workflow.run
    async def run(self, arguments: Sequence[RawValue]) -> list:
        first = workflow.payload_converter().from_payload(arguments[0].payload, str)
        return [workflow.info().workflow_type, first]


@workflow.defn(name="your-workflow-name")
class AlsoCustomNamed:
    @workflow.run
    async def run(self) -> None:
        pass
