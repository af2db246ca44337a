"""What a test looks at: histories, descriptions, and waiting until the server shows something."""
import asyncio
import contextlib
import json
import time
from datetime import timedelta

from temporalio.api.enums.v1 import EventType
from temporalio.worker import Worker

WORKFLOW_TASK = ["WorkflowTaskScheduled", "WorkflowTaskStarted", "WorkflowTaskCompleted"]
PATIENCE_SECONDS = 20


def name_of(event) -> str:
    """WorkflowExecutionStarted for EVENT_TYPE_WORKFLOW_EXECUTION_STARTED."""
    return "".join(word.capitalize() for word in EventType.Name(event.event_type).split("_")[2:])


def attributes(event):
    return getattr(event, event.WhichOneof("attributes"))


async def events_of(handle) -> list:
    return [event async for event in handle.fetch_history_events()]


async def names_of(handle) -> list[str]:
    return [name_of(event) for event in await events_of(handle)]


async def all_of(handle, kind: str) -> list:
    """The attributes of every event of this kind."""
    return [attributes(event) for event in await events_of(handle) if name_of(event) == kind]


async def only(handle, kind: str):
    """The attributes of the one event of this kind."""
    found = await all_of(handle, kind)
    assert len(found) == 1, f"{len(found)} {kind} in {await names_of(handle)}"
    return found[0]


async def until_event(handle, kind: str, count: int = 1):
    """Follows the history until it holds `count` events of this kind and gives the last one's attributes."""
    async def follow():
        seen = 0
        async for event in handle.fetch_history_events(wait_new_event=True):
            if name_of(event) == kind:
                seen += 1
                if seen == count:
                    return attributes(event)
        raise AssertionError(f"the run closed without {count} {kind}: {await names_of(handle)}")
    return await asyncio.wait_for(follow(), PATIENCE_SECONDS)


async def until(look, what: str):
    """Asks `look()` until it gives something true, which is returned: for what no event announces."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = await look()
        if found:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError(f"not within {PATIENCE_SECONDS} s: {what}")


async def pending_activity(handle):
    """The one pending activity of the run, as the server describes it; None while there is none."""
    description = await handle.describe()
    pending = description.raw_description.pending_activities
    assert len(pending) <= 1
    return pending[0] if pending else None


def decoded(payloads) -> list:
    """The values of JSON payloads."""
    return [json.loads(payload.data) if payload.data else None for payload in payloads.payloads]


@contextlib.asynccontextmanager
async def run_worker(client, queue, workflows=(), activities=(), **options):
    # Heartbeats go out soon, so that what they bring (a cancellation) is there soon.
    options.setdefault("max_heartbeat_throttle_interval", timedelta(milliseconds=100))
    async with Worker(client, task_queue=queue, workflows=list(workflows), activities=list(activities),
                      **options) as worker:
        yield worker
