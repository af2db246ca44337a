"""What of a message two services must agree on.

A message becomes a tree of dictionaries, lists and scalars. Everything in it is compared but for IGNORED and
IGNORED_ENTRIES, which are the whole list, and these rules:

* ids that a service makes (UUIDs, also inside texts) become "id-1", "id-2" … in the order of their first appearance;
* times become "TIME" ("NEVER" for Go's zero time), durations in ROUGH become "NONE" or "SOME";
* in error messages, the text form of a task queue becomes its name;
* times inside the markers of local activities, which are JSON, become "TIME";
* tokens become "TOKEN", names of sticky queues, which workers make up, "STICKY";
* lists in UNORDERED are sorted;
* of a description, left out are: history_length while a workflow task is started (its event may be in memory only), what
  was still pending when the run closed (Perdure has forgotten it), and when an attempt of an activity timed out (Temporal
  keeps only when one failed);
* at the end of an open run's history, what only shows that a workflow task is under way is left out (visible_history).
"""

import re

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.enums.v1 import PendingWorkflowTaskState, TaskQueueKind, WorkflowExecutionStatus
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse

# Type.field: why it need not be the same.
IGNORED = {
    "HistoryEvent.task_id": "a number inside the store",
    "WorkflowTaskStartedEventAttributes.history_size_bytes": "bytes of the store's own encoding",
    "WorkflowExecutionInfo.history_size_bytes": "bytes of the store's own encoding",
    "WorkflowExecutionInfo.state_transition_count": "how many commits it took; fewer here (docs/adr/0002)",
    "PollWorkflowTaskQueueResponse.backlog_count_hint": "an estimate",
    "PollWorkflowTaskQueueResponse.poller_scaling_decision": "depends on load",
    "PollActivityTaskQueueResponse.poller_scaling_decision": "depends on load",
}

# Type.field of a map, and the entries that are ignored.
IGNORED_ENTRIES = {
    "SearchAttributes.indexed_fields": {
        "BuildIds": "kept for listing workflows, which Perdure does not do yet",
        "BinaryChecksums": "kept for listing workflows, which Perdure does not do yet",
    },
}

# Durations that depend on how long something took: only whether they are zero is compared.
ROUGH = {
    "WorkflowExecutionInfo.execution_duration",
    "WorkflowExecutionStartedEventAttributes.first_workflow_task_backoff",
    "PendingActivityInfo.current_retry_interval",
}

# Given in the order of a hash table, by Temporal or by an SDK: sorted by the field, or by the value itself ("").
UNORDERED = {
    "DescribeWorkflowExecutionResponse.pending_activities": "activity_id",
    "DescribeWorkflowExecutionResponse.pending_children": "workflow_id",
    "WorkflowTaskCompletedMetadata.core_used_flags": "",
}

TOKENS = {"task_token", "next_page_token"}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{32}\b")
# Go's text form of a TaskQueue inside an error message; its spaces are random by design.
QUEUE_TEXT = re.compile(r'name:"([^"]*)" +kind:TASK_QUEUE_KIND_\w+')

# Written by the worker into the marker of a local activity.
MARKER_TIME = re.compile(r'"(complete_time|original_schedule_time)":\{"nanos":\d+,"seconds":\d+\}')


class Normaliser:
    """Of one service: remembers which of its ids is which."""

    def __init__(self, prefix=""):
        self.prefix = prefix  # what makes this run's workflow ids its own; removed
        self._names = {}
        self._ids = {}

    def text(self, text):
        if self.prefix:
            text = text.replace(self.prefix, "")
        text = QUEUE_TEXT.sub(r"\1", text)
        return UUID.sub(lambda found: self._name(found.group()), text)

    def _name(self, uuid):
        if uuid not in self._names:
            name = f"id-{len(self._names) + 1}"
            self._names[uuid] = name
            self._ids[name] = uuid
        return self._names[uuid]

    def id_of(self, name):
        """The service's own id behind a name that text() gave."""
        return self._ids.get(name, name)

    def message(self, message):
        if isinstance(message, Timestamp):
            return "NEVER" if message.seconds < 0 else "TIME"
        if isinstance(message, Duration):
            return f"{message.ToNanoseconds() / 1e9!r}s"
        tree = {}
        if isinstance(message, DescribeWorkflowExecutionResponse):
            message = comparable_description(message)
        for field in message.DESCRIPTOR.fields:
            path = f"{message.DESCRIPTOR.name}.{field.name}"
            value = getattr(message, field.name)
            if path in IGNORED or not _is_set(message, field, value):
                continue
            if path == "TaskQueue.name" and message.kind == TaskQueueKind.TASK_QUEUE_KIND_STICKY:
                tree[field.name] = "STICKY"
                continue
            if path in ROUGH:
                tree[field.name] = "SOME" if value.ToNanoseconds() else "NONE"
            elif _is_map(field):
                pairs = [(key, value[key]) for key in value if key not in IGNORED_ENTRIES.get(path, ())]
                pairs.sort(key=lambda pair: (_sort_text(pair[1]), str(pair[0])))
                if pairs:
                    tree[field.name] = {self._scalar(field, key): self._value(field, item) for key, item in pairs}
            elif field.is_repeated:
                by = UNORDERED.get(path)
                items = value if by is None else sorted(value, key=lambda i: getattr(i, by) if by else i)
                tree[field.name] = [self._value(field, item) for item in items]
            else:
                tree[field.name] = self._value(field, value)
        return tree

    def _value(self, field, value):
        if hasattr(value, "DESCRIPTOR"):
            return self.message(value)
        return self._scalar(field, value)

    def _scalar(self, field, value):
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bytes):
            return "TOKEN" if field.name in TOKENS else self.text(MARKER_TIME.sub(r'"\1":"TIME"', value.decode("latin-1")))
        if field.enum_type is not None:
            known = field.enum_type.values_by_number.get(value)
            return known.name if known else value
        return value


def comparable_description(description):
    out = DescribeWorkflowExecutionResponse()
    out.CopyFrom(description)
    if out.workflow_execution_info.status != WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING:
        out.ClearField("pending_activities")
        out.ClearField("pending_workflow_task")
    if out.pending_workflow_task.state == PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_STARTED:
        out.workflow_execution_info.history_length = 0
    for activity in out.pending_activities:
        if activity.last_failure.HasField("timeout_failure_info"):
            activity.ClearField("last_attempt_complete_time")
    return out


def visible_history(events):
    """Of an open run, without what only shows that a workflow task is under way.

    Its start is in memory only, if it is a first attempt, so the event shows with the run's next commit (docs/adr/0002);
    of a later attempt neither event exists before it ends, but Temporal makes both up for readers.
    """
    events = list(events)
    if events and events[-1].HasField("workflow_task_started_event_attributes"):
        events.pop()
    if events and events[-1].workflow_task_scheduled_event_attributes.attempt > 1:
        events.pop()
    return events


def differences(left, right, path=""):
    """Yields (path, left value, right value) for every place where two trees differ, in order."""
    if isinstance(left, dict) and isinstance(right, dict):
        for key in list(left) + [key for key in right if key not in left]:
            yield from differences(left.get(key, "(none)"), right.get(key, "(none)"), f"{path}.{key}")
    elif isinstance(left, list) and isinstance(right, list):
        for i in range(max(len(left), len(right))):
            one = left[i] if i < len(left) else "(none)"
            other = right[i] if i < len(right) else "(none)"
            yield from differences(one, other, f"{path}[{i}]")
    elif left != right or type(left) is not type(right):  # True == 1 in Python, not here
        yield path, left, right


def first_difference(left, right):
    return next(differences(left, right), None)


def _is_set(message, field, value):
    if field.is_repeated:
        return len(value) > 0
    if field.has_presence:
        return message.HasField(field.name)
    return value != field.default_value


def _is_map(field):
    return field.type == FieldDescriptor.TYPE_MESSAGE and field.message_type.GetOptions().map_entry


def _sort_text(value):
    return str(value) if hasattr(value, "DESCRIPTOR") else ""
