"""Runs each program of programs.py on several services and compares what the client got and what was recorded."""

import asyncio
import uuid

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from normalise import first_difference
from programs import ACTIVITIES, PROGRAMS, WORKFLOWS
from service import Service

LONGEST = 60  # seconds for one program


async def run_on(service, address, program):
    """(what is compared) of one program on one service."""
    client = await Client.connect(address, identity="client")
    queue = f"{service.prefix}{program.name}"
    worker = Worker(
        client,
        task_queue=queue,
        workflows=WORKFLOWS,
        activities=ACTIVITIES,
        identity="worker",
        build_id="build",
        workflow_runner=UnsandboxedWorkflowRunner(),
        # Which activities a worker gets eagerly depends on its free slots.
        disable_eager_activity_execution=True,
    )
    workflow_id = f"{service.prefix}{program.name}"
    async with worker:
        result = await asyncio.wait_for(program.run(client, queue, workflow_id), LONGEST)
    runs, run_id, newest = [], None, None
    while run_id != "":
        _, description, events = await asyncio.to_thread(service.run_state, workflow_id, run_id or "")
        if description is None:
            return {"result": result, "runs": "no such run"}
        first = description.workflow_execution_info.first_run_id
        newest = newest or description.workflow_execution_info.execution.run_id
        last = description.workflow_execution_info.execution.run_id
        if run_id is None and first != description.workflow_execution_info.execution.run_id:
            run_id = first  # from the beginning of the chain
            continue
        runs.append([service.normaliser.message(event) for event in events])
        run_id = successor(events[-1])
        if run_id == "" and last != newest:  # reset: the newest run continues no other one
            run_id = newest
    return {"result": service.normaliser.text(result), "runs": runs}


def successor(event):
    for name in event.DESCRIPTOR.oneofs_by_name["attributes"].fields:
        if event.HasField(name.name):
            return getattr(getattr(event, name.name), "new_execution_run_id", "")
    return ""


async def compare_all(addresses, wanted=None):
    """[(program, None or the first difference)]; `addresses`: {name of the service: its address}, the first is right."""
    outcomes = []
    for program in PROGRAMS:
        if wanted and program.name not in wanted:
            continue
        prefix = f"compat-{uuid.uuid4().hex[:8]}-"
        services = [Service(name, address, prefix) for name, address in addresses.items()]
        try:
            trees = [await run_on(s, a, program) for s, a in zip(services, addresses.values())]
            found = None
            for service, tree in zip(services[1:], trees[1:]):
                difference = first_difference(trees[0], tree)
                if difference:
                    found = found or (service.name, *difference)
        except (TimeoutError, asyncio.TimeoutError):
            found = ("", "the program", f"did not end within {LONGEST} s", "")
        finally:
            for service in services:
                service.close()
        outcomes.append((program.name, found))
        print(f"{program.name}: {'the same' if not found else found}", flush=True)
    return outcomes
