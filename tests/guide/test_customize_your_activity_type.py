"""Guide: "Customize your Activity Type"."""
import pytest
from named_activities import (CallsNamedActivities, Scanner, also_custom_named, custom_named, named_by_its_function,
                              takes_any_name)
from observe import all_of, run_worker
from temporalio.worker import Worker
from your_activities_dacx import your_activity
from your_workflows_dacx import YourWorkflow


async def test_the_type_has_the_chosen_name(client, queue):
    activities = [custom_named, named_by_its_function, Scanner("eu").scan, takes_any_name]
    async with run_worker(client, queue, [CallsNamedActivities], activities):
        result = await client.execute_workflow(CallsNamedActivities.run, id=queue, task_queue=queue)
    assert result == ["your-activity", "your-activity", "named_by_its_function", ["scan", "eu", "111"],
                      ["anything else", [1, "two"]]]
    scheduled = await all_of(client.get_workflow_handle(queue), "ActivityTaskScheduled")
    assert [event.activity_type.name for event in scheduled] == [
        "your-activity", "your-activity", "named_by_its_function", "scan", "anything else"]
    assert [event.activity_id for event in scheduled] == ["1", "2", "3", "4", "5"]


async def test_the_guides_named_activity(client, queue):
    async with run_worker(client, queue, [YourWorkflow], [your_activity]):
        assert await client.execute_workflow(YourWorkflow.run, "World", id=queue, task_queue=queue) == "Hello, World!"
    scheduled = await all_of(client.get_workflow_handle(queue), "ActivityTaskScheduled")
    assert [event.activity_type.name for event in scheduled] == ["your_activity"]


async def test_a_name_is_registered_once(client, queue):
    with pytest.raises(ValueError, match="your-activity"):
        Worker(client, task_queue=queue, activities=[custom_named, also_custom_named])
