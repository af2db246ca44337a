"""The comparison itself: it must see every kind of change and forgive only what the list says."""

import copy
import pathlib
import sys

import pytest
from temporalio.api.common.v1 import Payload, Payloads
from temporalio.api.enums.v1 import EventType, WorkflowExecutionStatus
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from normalise import IGNORED, Normaliser, differences, first_difference, visible_history  # noqa: E402

RUNNING = WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING
FIRST_RUN, SECOND_RUN = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


def history(run_id=FIRST_RUN):
    """A workflow with an activity, a signal and a failed attempt."""

    def event(kind, **attributes):
        made = HistoryEvent(event_id=len(events) + 1, event_type=EventType.Value(f"EVENT_TYPE_{kind}"), task_id=7)
        made.event_time.seconds = 1_700_000_000 + len(events)
        getattr(made, f"{kind.lower()}_event_attributes").SetInParent()
        for name, value in attributes.items():
            target = getattr(made, f"{kind.lower()}_event_attributes")
            if hasattr(value, "DESCRIPTOR"):
                getattr(target, name).CopyFrom(value)
            else:
                setattr(target, name, value)
        events.append(made)
        return made

    events = []
    data = Payloads(payloads=[Payload(metadata={"encoding": b"json/plain"}, data=b'"41"')])
    started = event("WORKFLOW_EXECUTION_STARTED", identity="client", attempt=1, original_execution_run_id=run_id, input=data)
    started.workflow_execution_started_event_attributes.workflow_run_timeout.seconds = 10
    event("WORKFLOW_TASK_SCHEDULED", attempt=1)
    event("WORKFLOW_TASK_STARTED", scheduled_event_id=2, identity="worker", history_size_bytes=100)
    event("WORKFLOW_TASK_COMPLETED", scheduled_event_id=2, started_event_id=3)
    event("ACTIVITY_TASK_SCHEDULED", activity_id="1", workflow_task_completed_event_id=4)
    event("ACTIVITY_TASK_STARTED", scheduled_event_id=5, attempt=2)
    event("ACTIVITY_TASK_COMPLETED", scheduled_event_id=5, started_event_id=6, result=data)
    event("WORKFLOW_EXECUTION_SIGNALED", signal_name="go", request_id=f"signal of {run_id}")
    event("WORKFLOW_EXECUTION_COMPLETED", workflow_task_completed_event_id=4, result=data)
    return events


def tree(events):
    normaliser = Normaliser()
    return [normaliser.message(event) for event in events]


def drop(events, at):
    del events[at]


def swap(events, at):
    if at + 1 == len(events):
        events.reverse()
    else:
        events[at], events[at + 1] = events[at + 1], events[at]


def repeat(events, at):
    events.insert(at, copy.deepcopy(events[at]))


def retype(events, at):
    events[at].event_type = EventType.EVENT_TYPE_TIMER_FIRED


def renumber(events, at):
    events[at].event_id += 1


def forget_time(events, at):
    events[at].ClearField("event_time")


def forget_attributes(events, at):
    events[at].ClearField(events[at].WhichOneof("attributes"))


@pytest.mark.parametrize("mutate", [drop, swap, repeat, retype, renumber, forget_time, forget_attributes])
@pytest.mark.parametrize("at", range(9))
def test_every_mutation_of_any_event_is_seen(mutate, at):
    mutated = history()
    mutate(mutated, at)
    assert first_difference(tree(history()), tree(mutated)) is not None


def leaves(message, path=()):
    """The paths of all fields that are set, however deep."""
    for field, value in message.ListFields():
        here = (*path, field.name)
        if field.is_repeated and not field.message_type:
            yield here, field
        elif field.is_repeated:
            if field.message_type.GetOptions().map_entry:
                yield here, field
            else:
                for i, item in enumerate(value):
                    yield from leaves(item, (*here, i))
        elif field.message_type:
            yield from leaves(value, here)
            yield here, field
        else:
            yield here, field


def clear(message, path):
    for step in path[:-1]:
        message = message[step] if isinstance(step, int) else getattr(message, step)
    message.ClearField(path[-1])


def test_every_field_that_is_missing_is_seen_unless_it_is_on_the_list():
    seen = 0
    for at, event in enumerate(history()):
        for path, field in leaves(event):
            mutated = history()
            clear(mutated[at], path)
            name = f"{field.containing_type.name}.{field.name}"
            found = first_difference(tree(history()), tree(mutated))
            if name in IGNORED or name == "Timestamp.seconds":
                assert found is None, path
            else:
                assert found is not None, path
                seen += 1
    assert seen > 40


def change(events, at, path, value):
    target = events[at]
    for name in path[:-1]:
        target = getattr(target, name)
    setattr(target, path[-1], value)


@pytest.mark.parametrize(
    "at, path, value",
    [
        (0, ("workflow_execution_started_event_attributes", "identity"), "someone else"),
        (0, ("workflow_execution_started_event_attributes", "workflow_run_timeout", "seconds"), 11),
        (5, ("activity_task_started_event_attributes", "attempt"), 3),
        (7, ("workflow_execution_signaled_event_attributes", "signal_name"), "gone"),
        (7, ("workflow_execution_signaled_event_attributes", "request_id"), f"signal of {SECOND_RUN}"),
        (7, ("worker_may_ignore",), True),
    ],
)
def test_every_changed_value_is_seen(at, path, value):
    mutated = history()
    change(mutated, at, path, value)
    assert first_difference(tree(history()), tree(mutated)) is not None


def test_a_changed_payload_is_seen():
    mutated = history()
    mutated[8].workflow_execution_completed_event_attributes.result.payloads[0].data = b'"42"'
    assert first_difference(tree(history()), tree(mutated))[0].endswith("payloads[0].data")


def test_what_is_on_the_list_is_forgiven_and_nothing_else_is():
    mutated = history(SECOND_RUN)  # another id, used in the same places
    mutated[0].task_id = 8
    mutated[0].event_time.seconds += 5
    mutated[2].workflow_task_started_event_attributes.history_size_bytes = 200
    assert first_difference(tree(history()), tree(mutated)) is None


def marker(seconds, attempt=1):
    event = HistoryEvent(event_id=5, event_type=EventType.EVENT_TYPE_MARKER_RECORDED)
    data = f'{{"attempt":{attempt},"complete_time":{{"nanos":7,"seconds":{seconds}}},"seq":1}}'.encode()
    details = event.marker_recorded_event_attributes.details
    details["data"].payloads.append(Payload(metadata={"encoding": b"json/plain"}, data=data))
    return event


def test_the_times_in_a_local_activitys_marker_are_forgiven_and_nothing_else_in_it_is():
    assert first_difference(tree([marker(1)]), tree([marker(2)])) is None
    assert first_difference(tree([marker(1)]), tree([marker(1, attempt=2)])) is not None


def test_two_ids_that_are_one_elsewhere_are_a_difference():
    mutated = history()
    mutated[7].workflow_execution_signaled_event_attributes.request_id = f"signal of {SECOND_RUN}"
    assert first_difference(tree(history()), tree(mutated)) == (
        "[7].workflow_execution_signaled_event_attributes.request_id",
        "signal of id-1",
        "signal of id-2",
    )


def test_a_workflow_task_under_way_is_left_out_of_an_open_history():
    events = history()
    assert len(visible_history(events[:3])) == 2
    assert len(visible_history(events[:2])) == 2
    assert len(visible_history(events)) == 9
    retried = copy.deepcopy(events[:3])
    retried[1].workflow_task_scheduled_event_attributes.attempt = 2
    assert len(visible_history(retried)) == 1


def test_pending_activities_are_compared_by_id():
    one, other = DescribeWorkflowExecutionResponse(), DescribeWorkflowExecutionResponse()
    one.workflow_execution_info.status = other.workflow_execution_info.status = RUNNING
    for ids, response in ((("a", "b"), one), (("b", "a"), other)):
        for activity_id in ids:
            response.pending_activities.add(activity_id=activity_id, attempt=1)
    assert first_difference(Normaliser().message(one), Normaliser().message(other)) is None
    other.pending_activities[0].attempt = 2
    assert first_difference(Normaliser().message(one), Normaliser().message(other)) is not None


def test_only_the_one_search_attribute_is_left_out():
    one, other = DescribeWorkflowExecutionResponse(), DescribeWorkflowExecutionResponse()
    one.workflow_execution_info.search_attributes.SetInParent()
    fields = other.workflow_execution_info.search_attributes.indexed_fields
    fields["BuildIds"].data = b'["unversioned"]'
    assert first_difference(Normaliser().message(one), Normaliser().message(other)) is None
    fields["CustomerId"].data = b'"c"'
    assert first_difference(Normaliser().message(one), Normaliser().message(other)) is not None


def test_what_was_pending_when_a_run_closed_is_left_out():
    one, other = DescribeWorkflowExecutionResponse(), DescribeWorkflowExecutionResponse()
    one.pending_activities.add(activity_id="a")
    one.workflow_execution_info.status = other.workflow_execution_info.status = RUNNING + 1
    assert first_difference(Normaliser().message(one), Normaliser().message(other)) is None
    assert one.pending_activities, "the message itself is left alone"


def test_the_name_of_a_sticky_queue_is_the_workers_own():
    queues = [TaskQueue(name=name, kind=kind) for name in ("a", "b") for kind in (1, 2)]
    trees = [Normaliser().message(queue) for queue in queues]
    assert trees[1] == trees[3] and trees[0] != trees[2] and trees[0] != trees[1]


def test_a_number_is_not_a_truth_value():
    assert list(differences({"a": 1}, {"a": True})) == [(".a", 1, True)]


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-q", "-p", "no:cacheprovider"]))
