"""Random requests. A Step says what is asked, for either of two services.

Whatever depends on a service (its run ids, its tokens) is looked up when the request is made for it; everything else
was drawn from the seed before.
"""

from dataclasses import dataclass, field
from typing import Any, Callable

from google.protobuf.duration_pb2 import Duration
from temporalio.api.command.v1 import Command
from temporalio.api.common.v1 import Payload, Payloads, RetryPolicy, WorkflowExecution
from temporalio.api.enums.v1 import (
    CommandType,
    HistoryEventFilterType,
    WorkflowIdConflictPolicy,
    WorkflowIdReusePolicy,
    WorkflowTaskFailedCause,
)
from temporalio.api.failure.v1 import Failure
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice import v1 as api

NOWHERE = "99999999-9999-4999-8999-999999999999"  # a run id that nobody has


@dataclass
class Step:
    method: str
    request: Callable[[Any], Any]  # of a Service
    note: str = ""
    keeps_task: str = ""  # the name under which the answer's task token is kept
    timeout: float = 15.0
    touches: list = field(default_factory=list)


def payloads(text):
    return Payloads(payloads=[Payload(metadata={"encoding": b"json/plain"}, data=f'"{text}"'.encode())])


def seconds(value):
    whole = int(value)
    return Duration(seconds=whole, nanos=round((value - whole) * 1e3) * 10**6)


class Steps:
    """Draws steps. `state` is what the driver last saw, of the first service."""

    def __init__(self, random, prefix, workflow_ids):
        self.random = random
        self.prefix = prefix
        self.workflow_ids = workflow_ids
        self.request_ids = {}  # kind: those that were used
        self.shorts = 0
        self.task_names = 0
        self.old_tasks = []  # (kind, name) of tasks that were answered or have timed out
        self.held_workflow_task = {}  # workflow id: name
        self.held_activities = {}  # (workflow id, activity id): name
        self.runs = {}  # workflow id: [names of run ids]

    # --- small draws

    def chance(self, probability):
        return self.random.random() < probability

    def workflow_id(self):
        return self.random.choice(self.workflow_ids)

    def request_id(self, of):
        """Of a start, or of something that is sent to a run: one of the same kind may be repeated, in any run."""
        known = self.request_ids.setdefault(of, [])
        if known and self.chance(0.25):
            return self.random.choice(known)
        known.append(f"{self.prefix}{of}-{len(known) + 1}")
        return known[-1]

    def namespace(self):
        return self.random.choice(["", "nowhere"]) if self.chance(0.02) else "default"

    def execution(self, workflow_id, any_run=0.25):
        """A function that names the run for a service; now and then wrongly."""
        if self.chance(0.02):
            return lambda service: None
        if self.chance(0.03):
            workflow_id = self.random.choice(["", "nobody", "x" * 1001])
        run = ""
        if self.chance(0.03):
            run = self.random.choice([NOWHERE, "not-a-uuid"])
        elif self.runs.get(workflow_id) and self.chance(any_run):
            run = self.random.choice(self.runs[workflow_id])
        return lambda service: WorkflowExecution(workflow_id=workflow_id, run_id=service.normaliser.id_of(run))

    def short(self):
        """Between 1 and 2 s, and not twice the same: what falls due together happens in any order."""
        self.shorts += 1
        return seconds(1 + 0.17 * (self.shorts % 7))

    def first_run(self):
        """The name of the first run of a chain, for requests that mean the chain; mostly none."""
        known = [name for runs in self.runs.values() for name in runs] + [NOWHERE]
        return self.random.choice(known) if self.chance(0.15) else ""

    def timeout(self, short=0.1, invalid=0.01):
        """A duration: mostly none or long, sometimes 1 or 2 s, rarely a bad one."""
        draw = self.random.random()
        if draw < invalid:
            return Duration(seconds=-1)
        if draw < short:
            return self.short()
        return self.random.choice([None, None, Duration(), seconds(600), seconds(86400)])

    def retry_policy(self):
        return RetryPolicy(
            initial_interval=self.random.choice([None, seconds(1), seconds(60), seconds(300)]),
            backoff_coefficient=self.random.choice([0, 1, 2, 2.5, 0.5 if self.chance(0.1) else 2]),
            maximum_interval=self.random.choice([None, None, seconds(3600), seconds(1) if self.chance(0.1) else None]),
            maximum_attempts=self.random.choice([0, 1, 2, 3, -1 if self.chance(0.1) else 3]),
            non_retryable_error_types=self.random.choice([[], ["Bad"], ["TemporalTimeout:StartToClose"]]),
        )

    def failure(self):
        draw = self.random.random()
        if draw < 0.05:
            return None
        failure = Failure(message="it failed", source="worker", stack_trace="at line 1")
        if draw < 0.1:
            failure.server_failure_info.non_retryable = True
        elif draw < 0.15:
            failure.canceled_failure_info.details.CopyFrom(payloads("canceled"))
        else:
            failure.application_failure_info.type = self.random.choice(["", "Bad", "Poor"])
            failure.application_failure_info.non_retryable = self.chance(0.25)
            if self.chance(0.3):
                failure.application_failure_info.details.CopyFrom(payloads("why"))
            if self.chance(0.15):
                failure.application_failure_info.next_retry_delay.CopyFrom(seconds(self.random.choice([1, 200])))
        return failure

    # --- clients

    def start(self):
        workflow_id = self.workflow_id()
        r = self.random
        reuse = r.choice([0, 1, 1, 2, 3, 4])
        conflict = r.choice([0, 0, 1, 2, 3])
        request = api.StartWorkflowExecutionRequest(
            namespace=self.namespace(),
            workflow_id=workflow_id,
            workflow_type={"name": "Flow"},
            task_queue=TaskQueue(name=f"q-{workflow_id}"),
            identity="client",
            request_id=self.request_id("start") if self.chance(0.9) else "",
            workflow_id_reuse_policy=WorkflowIdReusePolicy.ValueType(reuse),
            workflow_id_conflict_policy=WorkflowIdConflictPolicy.ValueType(conflict),
            workflow_execution_timeout=self.timeout(0.05),
            workflow_run_timeout=self.timeout(0.05),
            workflow_task_timeout=r.choice([None, None, seconds(2), seconds(300), Duration(seconds=-3) if self.chance(0.05) else None]),
        )
        if self.chance(0.5):
            request.input.CopyFrom(payloads("input"))
        if self.chance(0.3):
            request.retry_policy.CopyFrom(self.retry_policy())
        if self.chance(0.1):
            request.workflow_start_delay.CopyFrom(seconds(r.choice([1, 300])))
        if self.chance(0.2):
            request.memo.fields["note"].CopyFrom(payloads("memo").payloads[0])
        if self.chance(0.2):
            request.header.fields["trace"].CopyFrom(payloads("header").payloads[0])
        if self.chance(0.1):
            request.priority.priority_key = r.choice([1, 3, 5])
        if self.chance(0.1):
            request.user_metadata.summary.CopyFrom(payloads("summary").payloads[0])
        if self.chance(0.05):
            self._spoil_start(request)
        return Step("StartWorkflowExecution", lambda service: request)

    def _spoil_start(self, request):
        def set_to(name, value):
            return lambda: setattr(request, name, value)

        self.random.choice(
            [
                set_to("workflow_id", ""),
                set_to("workflow_id", "x" * 1001),
                set_to("identity", "x" * 1001),
                set_to("request_id", "x" * 1001),
                lambda: request.ClearField("workflow_type"),
                lambda: request.ClearField("task_queue"),
                lambda: setattr(request.task_queue, "name", ""),
                lambda: setattr(request.task_queue, "name", "/_sys/q"),
                lambda: setattr(request.task_queue, "name", "x" * 1001),
                set_to("cron_schedule", "not cron"),
                lambda: request.workflow_start_delay.CopyFrom(Duration(seconds=-1)),
                lambda: request.workflow_run_timeout.CopyFrom(Duration(seconds=1, nanos=-1)),
            ]
        )()

    def signal(self):
        execution = self.execution(self.workflow_id())
        request = api.SignalWorkflowExecutionRequest(
            namespace=self.namespace(),
            signal_name="" if self.chance(0.03) else self.random.choice(["go", "stop", "x" * 1001 if self.chance(0.05) else "go"]),
            input=payloads("signal") if self.chance(0.5) else None,
            identity="client",
            request_id=self.request_id("request") if self.chance(0.7) else "",
        )
        return self._on_run("SignalWorkflowExecution", request, "workflow_execution", execution)

    def cancel(self):
        request = api.RequestCancelWorkflowExecutionRequest(
            namespace=self.namespace(),
            identity="client",
            request_id=self.request_id("request") if self.chance(0.7) else "",
            reason=self.random.choice(["", "enough"]),
            first_execution_run_id=self.first_run(),
        )
        return self._on_run(
            "RequestCancelWorkflowExecution", request, "workflow_execution", self.execution(self.workflow_id())
        )

    def terminate(self):
        request = api.TerminateWorkflowExecutionRequest(
            namespace=self.namespace(),
            identity=self.random.choice(["", "client"]),
            reason=self.random.choice(["", "enough"]),
            details=payloads("details") if self.chance(0.3) else None,
            first_execution_run_id=self.first_run(),
        )
        return self._on_run(
            "TerminateWorkflowExecution", request, "workflow_execution", self.execution(self.workflow_id())
        )

    def describe(self):
        request = api.DescribeWorkflowExecutionRequest(namespace=self.namespace())
        return self._on_run("DescribeWorkflowExecution", request, "execution", self.execution(self.workflow_id(), 0.5))

    def read_history(self, open_ids):
        workflow_id = self.workflow_id()
        execution = self.execution(workflow_id, 0.5)
        if self.chance(0.4):
            request = api.GetWorkflowExecutionHistoryReverseRequest(
                namespace=self.namespace(), maximum_page_size=self.random.choice([0, 1, 3, 1000])
            )
            return self._on_run("GetWorkflowExecutionHistoryReverse", request, "execution", execution)
        request = api.GetWorkflowExecutionHistoryRequest(
            namespace=self.namespace(),
            maximum_page_size=self.random.choice([0, 1, 3, 1000, -1]),
            next_page_token=b"made up" if self.chance(0.05) else b"",
        )
        if workflow_id not in open_ids and self.chance(0.5):
            request.history_event_filter_type = HistoryEventFilterType.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT
            request.wait_new_event = self.chance(0.5)
        return self._on_run("GetWorkflowExecutionHistory", request, "execution", execution)

    def _on_run(self, method, request, name, execution):
        def make(service):
            out = type(request)()
            out.CopyFrom(request)
            named = execution(service)
            if named is not None:
                getattr(out, name).CopyFrom(named)
            if getattr(out, "first_execution_run_id", ""):
                out.first_execution_run_id = service.normaliser.id_of(out.first_execution_run_id)
            return out

        return Step(method, make)

    # --- the worker: workflow tasks

    def _new_task(self):
        self.task_names += 1
        return f"task-{self.task_names}"

    def poll_workflow_task(self, workflow_id):
        name = self._new_task()
        self.held_workflow_task[workflow_id] = name
        request = api.PollWorkflowTaskQueueRequest(
            namespace="default", task_queue=TaskQueue(name=f"q-{workflow_id}"), identity="worker"
        )
        return Step("PollWorkflowTaskQueue", lambda service: request, note=workflow_id, keeps_task=name)

    def _spoiled_token(self, kind, name):
        """Mostly `name`; else a token that is old, missing or nonsense."""
        draw = self.random.random()
        old = [task for of, task in self.old_tasks if of == kind]
        if draw < 0.05 and old:
            task = self.random.choice(old)
            return lambda service: service.tokens.get(task, b"")
        if draw < 0.06:
            return lambda service: b""
        if draw < 0.07:
            return lambda service: b"made up"
        if name is None:
            task = self.random.choice(old) if old else ""
            return lambda service: service.tokens.get(task, b"")
        return lambda service: service.tokens[name]

    def complete_workflow_task(self, workflow_id, pending_activities, timers, calm=False):
        name = self.held_workflow_task.get(workflow_id)
        token = (lambda service: service.tokens[name]) if calm else self._spoiled_token("workflow", name)
        request = api.RespondWorkflowTaskCompletedRequest(namespace="default", identity="worker")
        if self.chance(0.1):
            request.binary_checksum = "checksum"
        if self.chance(0.05):
            request.return_new_workflow_task = False
            request.force_create_new_workflow_task = True
        if self.chance(0.1):
            request.sdk_metadata.sdk_name = "compat"
            request.sdk_metadata.lang_used_flags.append(3)
        request.commands.extend(self.commands(workflow_id, pending_activities, timers, calm))
        return self._with_token("RespondWorkflowTaskCompleted", request, token)

    def fail_workflow_task(self, workflow_id):
        token = self._spoiled_token("workflow", self.held_workflow_task.get(workflow_id))
        request = api.RespondWorkflowTaskFailedRequest(
            namespace="default",
            identity="worker",
            cause=self.random.choice(
                [
                    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNSPECIFIED,
                    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE,
                    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR,
                ]
            ),
            failure=self.failure(),
        )
        return self._with_token("RespondWorkflowTaskFailed", request, token)

    def _with_token(self, method, request, token):
        def make(service):
            out = type(request)()
            out.CopyFrom(request)
            out.task_token = token(service)
            return out

        return Step(method, make)

    # --- commands

    def commands(self, workflow_id, pending_activities, timers, calm):
        drawn = []
        for _ in range(self.random.choice([0, 1, 1, 2, 3])):
            draw = self.random.random()
            if draw < 0.5:
                drawn.append(self._schedule_activity(workflow_id, calm))
            elif draw < 0.75:
                drawn.append(self._start_timer(calm))
            elif draw < 0.85 and (timers or not calm):
                drawn.append(self._cancel_timer(timers, calm))
            elif pending_activities:
                drawn.append(self._cancel_activity(pending_activities, calm))
            elif self.chance(0.2):
                drawn.append(self._marker())
        if self.chance(0.2):
            drawn.append(self._close(workflow_id, calm))
            if not calm and self.chance(0.05):
                drawn.reverse()
        return drawn

    def _schedule_activity(self, workflow_id, calm):
        activity_id = self.random.choice(["a", "b", "c", "d"] if not calm else [f"n{self.random.randrange(10**6)}"])
        command = Command(command_type=CommandType.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK)
        attributes = command.schedule_activity_task_command_attributes
        attributes.activity_id = activity_id
        attributes.activity_type.name = "work"
        attributes.task_queue.name = f"q-{workflow_id}-{activity_id}"
        for name in ("schedule_to_close", "schedule_to_start", "start_to_close", "heartbeat"):
            timeout = self.timeout(0.12, 0 if calm else 0.005)
            if timeout is None and name == "start_to_close" and (calm or self.chance(0.95)):
                timeout = seconds(300)
            if timeout is not None:
                getattr(attributes, f"{name}_timeout").CopyFrom(timeout)
        if self.chance(0.6):
            attributes.retry_policy.CopyFrom(self.retry_policy())
        if calm:
            attributes.ClearField("retry_policy")
            attributes.start_to_close_timeout.CopyFrom(seconds(300))
        if self.chance(0.4):
            attributes.input.CopyFrom(payloads("input"))
        if self.chance(0.1):
            attributes.header.fields["trace"].CopyFrom(payloads("header").payloads[0])
        if self.chance(0.1):
            attributes.priority.priority_key = 2
        if self.chance(0.1):
            command.user_metadata.summary.CopyFrom(payloads("summary").payloads[0])
        if not calm and self.chance(0.02):
            self.random.choice(
                [
                    lambda: setattr(attributes, "activity_id", ""),
                    lambda: attributes.ClearField("activity_type"),
                    lambda: setattr(attributes, "activity_id", "x" * 1001),
                    lambda: setattr(attributes.activity_type, "name", "x" * 1001),
                    lambda: setattr(attributes.task_queue, "name", "/_sys/q"),
                ]
            )()
        return command

    def _start_timer(self, calm):
        command = Command(command_type=CommandType.COMMAND_TYPE_START_TIMER)
        attributes = command.start_timer_command_attributes
        attributes.timer_id = self.random.choice(["1", "2", "3"]) if not calm else f"n{self.random.randrange(10**6)}"
        attributes.start_to_fire_timeout.CopyFrom(self.random.choice([self.short(), seconds(300), seconds(600)]))
        if not calm and self.chance(0.03):
            self.random.choice(
                [
                    lambda: setattr(attributes, "timer_id", ""),
                    lambda: setattr(attributes, "timer_id", "x" * 1001),
                    lambda: attributes.ClearField("start_to_fire_timeout"),
                    lambda: attributes.start_to_fire_timeout.CopyFrom(Duration(seconds=-1)),
                ]
            )()
        return command

    def _cancel_timer(self, timers, calm):
        command = Command(command_type=CommandType.COMMAND_TYPE_CANCEL_TIMER)
        timer_id = self.random.choice(sorted(timers)) if timers and (calm or self.chance(0.95)) else "missing"
        command.cancel_timer_command_attributes.timer_id = timer_id
        return command

    def _cancel_activity(self, pending, calm):
        command = Command(command_type=CommandType.COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK)
        event_id = self.random.choice(sorted(pending))
        if not calm and self.chance(0.04):
            event_id = self.random.choice([0, 1, 9999])
        command.request_cancel_activity_task_command_attributes.scheduled_event_id = event_id
        return command

    def _marker(self):
        command = Command(command_type=CommandType.COMMAND_TYPE_RECORD_MARKER)
        attributes = command.record_marker_command_attributes
        attributes.marker_name = "" if self.chance(0.05) else "mark"
        if self.chance(0.5):
            attributes.details["why"].CopyFrom(payloads("details"))
        return command

    def _close(self, workflow_id, calm):
        draw = self.random.random()
        if draw < 0.35:
            command = Command(command_type=CommandType.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION)
            command.complete_workflow_execution_command_attributes.SetInParent()
            if self.chance(0.7):
                command.complete_workflow_execution_command_attributes.result.CopyFrom(payloads("result"))
        elif draw < 0.65:
            command = Command(command_type=CommandType.COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION)
            failure = self.failure() or (Failure(message="x") if calm else None)
            command.fail_workflow_execution_command_attributes.SetInParent()
            if failure is not None:
                command.fail_workflow_execution_command_attributes.failure.CopyFrom(failure)
        elif draw < 0.8:
            command = Command(command_type=CommandType.COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION)
            command.cancel_workflow_execution_command_attributes.SetInParent()
            if self.chance(0.5):
                command.cancel_workflow_execution_command_attributes.details.CopyFrom(payloads("details"))
        else:
            command = self._continue_as_new(workflow_id)
        return command

    def _continue_as_new(self, workflow_id):
        command = Command(command_type=CommandType.COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION)
        attributes = command.continue_as_new_workflow_execution_command_attributes
        attributes.SetInParent()
        if self.chance(0.7):
            attributes.workflow_type.name = self.random.choice(["Flow", "Other"])
        if self.chance(0.7):
            attributes.task_queue.name = f"q-{workflow_id}"
        if self.chance(0.5):
            attributes.input.CopyFrom(payloads("again"))
        if self.chance(0.2):
            attributes.workflow_run_timeout.CopyFrom(seconds(self.random.choice([2, 500])))
        if self.chance(0.2):
            attributes.workflow_task_timeout.CopyFrom(seconds(30))
        if self.chance(0.2):
            attributes.backoff_start_interval.CopyFrom(seconds(self.random.choice([0, 1, 300])))
        if self.chance(0.2):
            attributes.retry_policy.CopyFrom(self.retry_policy())
        if self.chance(0.2):
            attributes.memo.fields["note"].CopyFrom(payloads("memo").payloads[0])
        if self.chance(0.2):
            attributes.last_completion_result.CopyFrom(payloads("last"))
        return command

    # --- the worker: activities

    def poll_activity_task(self, workflow_id, activity_id):
        name = self._new_task()
        self.held_activities[workflow_id, activity_id] = name
        request = api.PollActivityTaskQueueRequest(
            namespace="default", task_queue=TaskQueue(name=f"q-{workflow_id}-{activity_id}"), identity="worker"
        )
        return Step("PollActivityTaskQueue", lambda service: request, note=activity_id, keeps_task=name)

    def answer_activity(self, workflow_id, activity_id):
        name = self.held_activities.get((workflow_id, activity_id))
        method, request = self._activity_answer()
        if self.chance(0.3):
            by_id = getattr(api, f"{method}ByIdRequest")(
                namespace=self.namespace(),
                workflow_id="" if self.chance(0.02) else workflow_id,
                activity_id=activity_id if not self.chance(0.05) else self.random.choice(["", "missing"]),
                identity=request.identity,
            )
            for field_name in ("result", "details", "failure", "last_heartbeat_details"):
                if field_name in request.DESCRIPTOR.fields_by_name and request.HasField(field_name):
                    getattr(by_id, field_name).CopyFrom(getattr(request, field_name))
            run = self.random.choice(self.runs[workflow_id]) if self.runs.get(workflow_id) and self.chance(0.3) else ""

            def make(service):
                out = type(by_id)()
                out.CopyFrom(by_id)
                out.run_id = service.normaliser.id_of(run)
                return out

            return Step(f"{method}ById", make)
        return self._with_token(method, request, self._spoiled_token("activity", name))

    def _activity_answer(self):
        draw = self.random.random()
        if draw < 0.35:
            request = api.RespondActivityTaskCompletedRequest(result=payloads("done") if self.chance(0.8) else None)
            method = "RespondActivityTaskCompleted"
        elif draw < 0.65:
            request = api.RespondActivityTaskFailedRequest(
                failure=self.failure(), last_heartbeat_details=payloads("half") if self.chance(0.2) else None
            )
            method = "RespondActivityTaskFailed"
        elif draw < 0.8:
            request = api.RespondActivityTaskCanceledRequest(details=payloads("gone") if self.chance(0.5) else None)
            method = "RespondActivityTaskCanceled"
        else:
            request = api.RecordActivityTaskHeartbeatRequest(details=payloads("beat") if self.chance(0.7) else None)
            method = "RecordActivityTaskHeartbeat"
        request.namespace = "default" if self.chance(0.97) else "nowhere"
        request.identity = self.random.choice(["worker", "worker", "", "other"])
        return method, request
