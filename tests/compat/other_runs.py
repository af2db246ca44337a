"""Programs of workflows that reach other workflows, or that go on in another run: for programs.py."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.common import RetryPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, ChildWorkflowError, FailureError, WorkflowAlreadyStartedError
from temporalio.workflow import ChildWorkflowCancellationType, ParentClosePolicy

SECOND = timedelta(seconds=1)


@workflow.defn
class Child:
    """What it is told to do: return, fail, wait, continue, fail once. Not at once: the parent has seen the start before."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    @workflow.signal
    def tell(self, word: str) -> None:
        self.heard.append(word)

    @workflow.run
    async def run(self, what: str) -> str:
        await workflow.sleep(1)
        if what == "fail":
            raise ApplicationError("the child failed", "why", type="Poor", non_retryable=True)
        if what == "fail once" and workflow.info().attempt == 1:
            raise ApplicationError("the first time")
        if what == "continue":
            workflow.continue_as_new("return")
        if what == "listen":
            await workflow.wait_condition(lambda: bool(self.heard))
            await workflow.sleep(1)
            return self.heard[0]
        if what == "wait":
            await workflow.sleep(3600)
        return f"{what} in attempt {workflow.info().attempt}"


async def told(outcome) -> str:
    try:
        return await outcome
    except FailureError as error:
        return f"{type(error).__name__}: {error}, because {type(error.cause).__name__}: {error.cause}"


@workflow.defn
class Children:
    """Each end of a child, one after the other."""

    @workflow.run
    async def run(self) -> list[str]:
        me = workflow.info().workflow_id
        options = {"retry_policy": RetryPolicy(initial_interval=SECOND, maximum_attempts=2)}
        outcomes = []
        for what in ("return", "fail", "continue", "fail once"):
            outcomes.append(
                await told(workflow.execute_child_workflow(Child.run, what, id=f"{me}/{what}", static_summary=what, **options))
            )
        outcomes.append(
            await told(workflow.execute_child_workflow(Child.run, "wait", id=f"{me}/late", run_timeout=3 * SECOND))
        )
        return outcomes


@workflow.defn
class Takers:
    """Children whose workflow id is taken."""

    @workflow.run
    async def run(self) -> list[str]:
        me = workflow.info().workflow_id
        outcomes = []
        await workflow.start_child_workflow(Child.run, "wait", id=f"{me}/taken")
        await workflow.execute_child_workflow(Child.run, "return", id=f"{me}/done")
        policies = WorkflowIDReusePolicy
        for name, policy in (
            ("taken", policies.ALLOW_DUPLICATE),
            ("done", policies.REJECT_DUPLICATE),
            ("done", policies.ALLOW_DUPLICATE_FAILED_ONLY),
        ):
            try:
                await workflow.execute_child_workflow(Child.run, "return", id=f"{me}/{name}", id_reuse_policy=policy)
            except WorkflowAlreadyStartedError as error:
                outcomes.append(str(error))
        return outcomes


@workflow.defn
class Signalling:
    """A signal to a child, to a workflow by id, to nobody; a cancellation of another workflow and of nobody."""

    @workflow.run
    async def run(self) -> list[str]:
        me = workflow.info().workflow_id
        child = await workflow.start_child_workflow(Child.run, "listen", id=f"{me}/listens")
        await child.signal(Child.tell, "from the parent")
        outcomes = [await child]
        other = await workflow.start_child_workflow(
            Child.run, "listen", id=f"{me}/other", parent_close_policy=ParentClosePolicy.ABANDON
        )
        await workflow.get_external_workflow_handle(f"{me}/other").signal("tell", "from outside")
        outcomes.append(await other)
        sleeper = await workflow.start_child_workflow(Child.run, "wait", id=f"{me}/sleeper")
        await workflow.get_external_workflow_handle(f"{me}/sleeper").cancel()
        outcomes.append(await told(sleeper))
        for what in (
            workflow.get_external_workflow_handle(f"{me}/nobody").signal("tell", "x"),
            workflow.get_external_workflow_handle(f"{me}/nobody").cancel(),
            workflow.get_external_workflow_handle(me).signal("tell", "myself"),
        ):
            outcomes.append(await told(what))
        return outcomes


@workflow.defn
class CancelsAChild:
    @workflow.run
    async def run(self, how: int) -> str:
        child = await workflow.start_child_workflow(
            Child.run,
            "wait",
            id=f"{workflow.info().workflow_id}/child",
            cancellation_type=ChildWorkflowCancellationType(how),
        )
        await workflow.sleep(1)
        child.cancel()
        return await told(child)


@workflow.defn
class Leaves:
    """Ends while children run; what becomes of them is asked by the client."""

    @workflow.run
    async def run(self) -> None:
        for policy in (ParentClosePolicy.TERMINATE, ParentClosePolicy.REQUEST_CANCEL, ParentClosePolicy.ABANDON):
            name = f"{workflow.info().workflow_id}/{policy.name}"
            await workflow.start_child_workflow(Child.run, "wait", id=name, parent_close_policy=policy)


@workflow.defn
class Counts:
    """A cron workflow: counts its runs by the result of the last one; the second fails."""

    @workflow.run
    async def run(self) -> int:
        last = workflow.get_last_completion_result(int) if workflow.has_last_completion_result() else 0
        if last == 1 and workflow.get_last_failure() is None:
            raise ApplicationError("the second run")
        if last == 2:
            await workflow.sleep(3600)
        return last + 1


@workflow.defn
class Remembers:
    def __init__(self) -> None:
        self.heard: list[str] = []

    @workflow.signal
    def tell(self, word: str) -> None:
        self.heard.append(word)

    @workflow.run
    async def run(self) -> list[str]:
        await workflow.wait_condition(lambda: "stop" in self.heard)
        return self.heard


async def look_at_children(client: Client, handle: WorkflowHandle) -> None:
    await handle.result()
    for name in ("TERMINATE", "REQUEST_CANCEL", "ABANDON"):
        child = client.get_workflow_handle(f"{handle.id}/{name}")
        if name == "ABANDON":
            await child.terminate("enough")
        try:
            await child.result()
        except WorkflowFailureError:
            pass


async def reset_in_the_middle(client: Client, handle: WorkflowHandle) -> None:
    while not [e async for e in handle.fetch_history_events() if e.HasField("workflow_task_completed_event_attributes")]:
        await asyncio.sleep(0.05)
    completed = []
    for word in ("one", "two", "three"):
        await handle.signal(Remembers.tell, word)
        while True:
            events = [e async for e in handle.fetch_history_events()]
            now = [e.event_id for e in events if e.HasField("workflow_task_completed_event_attributes")]
            heard = [e for e in events if e.HasField("workflow_execution_signaled_event_attributes")]
            if len(now) > len(completed) and now[-1] > heard[-1].event_id:
                completed = now
                break
            await asyncio.sleep(0.05)
    await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=handle.id, run_id=handle.result_run_id or ""),
            reason="another try",
            workflow_task_finish_event_id=completed[1],
            request_id="reset",
        )
    )
    await client.get_workflow_handle(handle.id).signal(Remembers.tell, "stop")


async def end_cron(client: Client, handle: WorkflowHandle) -> None:
    chain = client.get_workflow_handle(handle.id)
    while True:
        events = [e async for e in chain.fetch_history_events()]
        if any(e.HasField("timer_started_event_attributes") for e in events):
            return await chain.cancel()
        await asyncio.sleep(0.1)


WORKFLOWS = [Child, Children, Takers, Signalling, CancelsAChild, Leaves, Counts, Remembers]
HOW = ChildWorkflowCancellationType
PROGRAMS = [
    # name, workflow, arguments, options, act
    ("children", Children, [], {}, None),
    ("children-taken", Takers, [], {}, None),
    ("signalling", Signalling, [], {}, None),
    ("child-try-cancel", CancelsAChild, [HOW.TRY_CANCEL.value], {}, None),
    ("child-wait-cancel", CancelsAChild, [HOW.WAIT_CANCELLATION_COMPLETED.value], {}, None),
    ("child-abandon", CancelsAChild, [HOW.ABANDON.value], {}, None),
    ("leaves", Leaves, [], {}, look_at_children),
    ("cron", Counts, [], {"cron_schedule": "@every 1s"}, end_cron),
    ("start-signal", Child, ["listen"], {"start_signal": "tell", "start_signal_args": ["at once"]}, None),
    ("reset", Remembers, [], {}, reset_in_the_middle),
]
