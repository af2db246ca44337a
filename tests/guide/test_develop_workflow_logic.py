"""Guide: "Develop Workflow logic"."""
from datetime import timedelta

import pytest
from observe import decoded, names_of, only, run_worker, until_event
from temporalio.api.enums.v1 import WorkflowTaskFailedCause
from temporalio.client import WorkflowExecutionStatus
from temporalio.worker import Replayer
from workflow_logic import (AfterTheChange, BeforeTheChange, CountsInAGlobal, Deterministic, Forbidden,
                            RunsTasksOfTheLoop, double)


@pytest.mark.parametrize("cached", [1000, 0], ids=["cached", "replayed-each-task"])
async def test_the_safe_apis_give_the_same_at_each_replay(client, queue, cached):
    async with run_worker(client, queue, [Deterministic], [double], max_cached_workflows=cached):
        result = await client.execute_workflow(Deterministic.run, id=queue, task_queue=queue)
    draws, identity, doubled, slept, _ = result
    assert doubled == [0, 2, 4, 6]
    assert slept >= 0.01
    assert len(set(draws)) == 3 and len(identity) == 36

    handle = client.get_workflow_handle(queue)
    completed = await only(handle, "WorkflowExecutionCompleted")
    assert decoded(completed.result) == [result]
    # The worker library itself replays the history that the server kept and finds no difference.
    await Replayer(workflows=[Deterministic]).replay_workflow(await handle.fetch_history())


async def test_two_runs_draw_differently(client, queue):
    async with run_worker(client, queue, [Deterministic], [double]):
        first = await client.execute_workflow(Deterministic.run, id=queue + "-1", task_queue=queue)
        second = await client.execute_workflow(Deterministic.run, id=queue + "-2", task_queue=queue)
    assert first[0] != second[0] and first[1] != second[1]


async def test_the_event_loop_is_asyncios(client, queue):
    async with run_worker(client, queue, [RunsTasksOfTheLoop]):
        result = await client.execute_workflow(RunsTasksOfTheLoop.run, id=queue, task_queue=queue)
    assert result == ["slept", "timed out", "background"]
    names = await names_of(client.get_workflow_handle(queue))
    assert names.count("TimerStarted") == 3
    # wait_for's timer fired and cancelled the sleep that it waited for.
    assert (names.count("TimerFired"), names.count("TimerCanceled")) == (2, 1)


@pytest.mark.parametrize("what", ["threading", "randomness", "process", "network", "date", "time", "file", "entropy"])
async def test_what_is_not_deterministic_fails_the_task_and_not_the_run(client, queue, what):
    async with run_worker(client, queue, [Forbidden]):
        handle = await client.start_workflow(Forbidden.run, what, id=queue, task_queue=queue)
        failed = await until_event(handle, "WorkflowTaskFailed")
        assert failed.failure.application_failure_info.type == "RestrictedWorkflowAccessError"
        assert failed.cause == WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE
        assert (failed.scheduled_event_id, failed.started_event_id) == (2, 3)
        assert (await handle.describe()).status == WorkflowExecutionStatus.RUNNING
        await handle.terminate()


async def test_a_global_of_one_run_is_not_seen_by_another(client, queue):
    async with run_worker(client, queue, [CountsInAGlobal]):
        for number in range(2):
            assert await client.execute_workflow(CountsInAGlobal.run, id=f"{queue}-{number}", task_queue=queue) == 1


async def test_changed_logic_is_reported_as_nondeterminism_and_the_old_one_goes_on(client, queue):
    async with run_worker(client, queue, [BeforeTheChange]):
        handle = await client.start_workflow("Changed", id=queue, task_queue=queue, task_timeout=timedelta(seconds=3))
        await until_event(handle, "ActivityTaskScheduled")
    async with run_worker(client, queue, [AfterTheChange], [double]):
        failed = await until_event(handle, "WorkflowTaskFailed")
        assert failed.cause == WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR
        assert (await handle.describe()).status == WorkflowExecutionStatus.RUNNING
    async with run_worker(client, queue, [BeforeTheChange]):
        assert await handle.result() == 8
