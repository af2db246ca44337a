"""Guide: "Run a Worker Process"."""
import asyncio
import contextlib
import pathlib
import signal
import subprocess
import sys
import uuid
from datetime import timedelta

from observe import all_of, names_of, only, run_worker, until, until_event
from several_workers import SEVERAL_ACTIVITIES, STARTED, CallsOnQueues, SaysWhereItRan
from temporalio.client import Client
from your_activities_dacx import your_activity
from your_workflows_dacx import YourWorkflow

HERE = pathlib.Path(__file__).resolve().parent


@contextlib.contextmanager
def worker_process(target):
    """The guide's worker program in a process of its own."""
    process = subprocess.Popen([sys.executable, str(HERE / "launch.py"), target,
                                str(HERE / "programs/your_worker_dacx.py")])
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


async def test_the_guides_worker_program(client, target):
    workflow_id = f"worker-process-{uuid.uuid4()}"
    with worker_process(target) as process:
        result = await client.execute_workflow("YourWorkflow", "World", id=workflow_id, task_queue="your-task-queue")
        assert result == "Hello, World!"
        started = await only(client.get_workflow_handle(workflow_id), "ActivityTaskStarted")
        assert started.identity.startswith(f"{process.pid}@")
        process.send_signal(signal.SIGINT)
        assert await asyncio.to_thread(process.wait, 20) == 0


async def test_a_worker_that_was_killed_is_replaced_by_another(client, target):
    workflow_id = f"worker-killed-{uuid.uuid4()}"
    with worker_process(target) as first:
        await client.execute_workflow("YourWorkflow", "World", id=workflow_id + "-1", task_queue="your-task-queue")
        first.kill()
        first.wait()
    handle = await client.start_workflow("YourWorkflow", "Moon", id=workflow_id + "-2", task_queue="your-task-queue",
                                         task_timeout=timedelta(seconds=3))
    with worker_process(target):
        assert await handle.result() == "Hello, Moon!"


async def test_a_worker_program_may_be_started_after_the_workflow(client, queue):
    handle = await client.start_workflow(YourWorkflow.run, "World", id=queue, task_queue=queue)
    assert await names_of(handle) == ["WorkflowExecutionStarted", "WorkflowTaskScheduled"]
    async with run_worker(client, queue, [YourWorkflow], [your_activity]):
        assert await handle.result() == "Hello, World!"


async def test_several_workers_in_one_process(client, queue):
    async with contextlib.AsyncExitStack() as workers:
        for number in range(4):
            await workers.enter_async_context(run_worker(client, f"{queue}-{number}", [CallsOnQueues],
                                                         SEVERAL_ACTIVITIES, identity=f"worker-{number}"))
        results = await asyncio.gather(*[
            client.execute_workflow(CallsOnQueues.run, [f"{queue}-{other}" for other in range(4)],
                                    id=f"{queue}-{number}", task_queue=f"{queue}-{number}")
            for number in range(4)])
    # Each asked all four queues, and each queue was served by its own worker.
    assert results == [[f"{queue}-{other}" for other in range(4)]] * 4
    for number in range(4):
        handle = client.get_workflow_handle(f"{queue}-{number}")
        started = await all_of(handle, "ActivityTaskStarted")
        assert sorted(event.identity for event in started) == [f"worker-{other}" for other in range(4)]
        tasks = await all_of(handle, "WorkflowTaskStarted")
        assert {event.identity for event in tasks} == {f"worker-{number}"}


async def test_several_workers_on_one_queue_share_the_work_and_do_it_once(client, target, queue):
    runs = 24
    async with contextlib.AsyncExitStack() as workers:
        for number in range(3):
            # A client holds one worker of a queue, so each has its own. One activity at a time: the work has to spread.
            await workers.enter_async_context(run_worker(
                await Client.connect(target), queue, [SaysWhereItRan], SEVERAL_ACTIVITIES, identity=f"worker-{number}",
                max_concurrent_activities=1, disable_eager_activity_execution=True))
        results = await asyncio.gather(*[
            client.execute_workflow(SaysWhereItRan.run, id=f"{queue}-{number}", task_queue=queue)
            for number in range(runs)])
    assert results == [f"{queue}-{number}" for number in range(runs)]
    identities = []
    for number in range(runs):
        handle = client.get_workflow_handle(f"{queue}-{number}")
        started = await only(handle, "ActivityTaskStarted")
        assert started.attempt == 1
        identities.append(started.identity)
        assert (await names_of(handle)).count("ActivityTaskCompleted") == 1
    assert set(identities) == {"worker-0", "worker-1", "worker-2"}


async def test_workflows_and_activities_may_have_workers_of_their_own(client, queue):
    async with run_worker(client, queue, [YourWorkflow], identity="only-workflows"):
        async with run_worker(client, queue, [], [your_activity], identity="only-activities"):
            result = await client.execute_workflow(YourWorkflow.run, "World", id=queue, task_queue=queue)
    assert result == "Hello, World!"
    handle = client.get_workflow_handle(queue)
    assert {event.identity for event in await all_of(handle, "WorkflowTaskStarted")} == {"only-workflows"}
    assert (await only(handle, "ActivityTaskStarted")).identity == "only-activities"


async def test_another_worker_takes_over_a_run_that_a_stopped_one_had_in_its_cache(client, queue):
    handle = await client.start_workflow(YourWorkflow.run, "World", id=queue, task_queue=queue)
    async with run_worker(client, queue, [YourWorkflow], identity="first"):
        await until_event(handle, "ActivityTaskScheduled")
    async with run_worker(client, queue, [YourWorkflow], [your_activity], identity="second"):
        assert await handle.result() == "Hello, World!"
    tasks = await all_of(handle, "WorkflowTaskStarted")
    assert (tasks[0].identity, tasks[-1].identity) == ("first", "second")


async def test_a_stopping_worker_lets_its_activity_end(client, queue):
    handle = await client.start_workflow(CallsOnQueues.run, args=[[queue], "slow_to_answer"], id=queue,
                                         task_queue=queue)
    async with run_worker(client, queue, [CallsOnQueues], SEVERAL_ACTIVITIES,
                          graceful_shutdown_timeout=timedelta(seconds=10)):
        async def runs():
            return queue in STARTED
        await until(runs, "the activity runs")
    assert (await only(handle, "ActivityTaskCompleted")).identity == client.identity
    async with run_worker(client, queue, [CallsOnQueues], SEVERAL_ACTIVITIES):
        assert await handle.result() == [queue]
