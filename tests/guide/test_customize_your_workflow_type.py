"""Guide: "Customize your Workflow Type"."""
import pytest
from named_workflows import AlsoCustomNamed, CustomNamed, NamedByItsClass, TakesAnyType, UnusuallyNamed
from observe import only, run_worker
from temporalio.worker import Worker
from your_activities_dacx import your_activity
from your_workflows_dacx import YourWorkflow


@pytest.mark.parametrize("workflow, name", [
    (CustomNamed, "your-workflow-name"),
    (NamedByItsClass, "NamedByItsClass"),
    (UnusuallyNamed, "Größe/☃ with spaces"),
], ids=["custom", "class", "unusual"])
@pytest.mark.parametrize("by", ["method", "string"])
async def test_the_type_has_the_chosen_name(client, queue, workflow, name, by):
    async with run_worker(client, queue, [workflow]):
        asked = workflow.run if by == "method" else name
        assert await client.execute_workflow(asked, id=queue, task_queue=queue) == name
    handle = client.get_workflow_handle(queue)
    assert (await only(handle, "WorkflowExecutionStarted")).workflow_type.name == name
    assert (await handle.describe()).workflow_type == name


async def test_the_guides_named_workflow(client, queue):
    async with run_worker(client, queue, [YourWorkflow], [your_activity]):
        assert await client.execute_workflow("YourWorkflow", "World", id=queue, task_queue=queue) == "Hello, World!"


async def test_a_dynamic_workflow_takes_the_types_that_nobody_else_has(client, queue):
    async with run_worker(client, queue, [CustomNamed, TakesAnyType]):
        assert await client.execute_workflow("anything-else", "x", id=queue, task_queue=queue) == ["anything-else", "x"]
        named = await client.execute_workflow("your-workflow-name", id=queue + "-named", task_queue=queue)
    assert named == "your-workflow-name"


async def test_a_name_is_registered_once(client, queue):
    with pytest.raises(ValueError, match="your-workflow-name"):
        Worker(client, task_queue=queue, workflows=[CustomNamed, AlsoCustomNamed])
