"""Random requests. A Step says what is asked, for either of two services.

Whatever depends on a service (its run ids, its tokens) is looked up when the request is made for it; everything else
was drawn from the seed before.
"""

from dataclasses import dataclass
from typing import Any, Callable

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import (
    HistoryEventFilterType,
    TaskQueueKind,
    WorkflowIdConflictPolicy,
    WorkflowIdReusePolicy,
    WorkflowTaskFailedCause,
)
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice import v1 as api

from commands import Commands
from draws import payloads, seconds


@dataclass
class Step:
    method: str
    request: Callable[[Any], Any]  # of a Service
    note: str = ""
    keeps_task: str = ""  # the name under which the answer's task token is kept
    timeout: float = 15.0
    polls_sticky: str = ""  # the workflow id whose sticky queue is polled


class Steps(Commands):
    """Draws steps. `state` is what the driver last saw, of the first service."""

    def __init__(self, random, prefix, workflow_ids):
        super().__init__(random, prefix, workflow_ids)
        self.task_names = 0
        self.old_tasks = []  # (kind, name) of tasks that were answered or have timed out
        self.held_workflow_task = {}  # workflow id: name
        self.held_activities = {}  # (workflow id, activity id): name

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
        elif self.chance(0.3):
            # What there is already is answered at once, also of an open run; on one page, as the next would wait.
            request.wait_new_event = True
            request.maximum_page_size = 1000
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

    def poll_workflow_task(self, workflow_id, sticky=False):
        name = self._new_task()
        self.held_workflow_task[workflow_id] = name
        request = api.PollWorkflowTaskQueueRequest(
            namespace="default",
            task_queue=self.sticky_queue(workflow_id) if sticky else TaskQueue(name=f"q-{workflow_id}"),
            identity="worker",
        )
        return Step("PollWorkflowTaskQueue", lambda service: request, note=workflow_id, keeps_task=name,
                    polls_sticky=workflow_id if sticky else "")

    def sticky_queue(self, workflow_id):
        return TaskQueue(name=f"s-{workflow_id}", kind=TaskQueueKind.TASK_QUEUE_KIND_STICKY, normal_name=f"q-{workflow_id}")

    def show_sticky_worker(self, workflow_id):
        """A short poll that brings nothing: for the next seconds the services know of a sticky worker."""
        request = api.PollWorkflowTaskQueueRequest(
            namespace="default", task_queue=self.sticky_queue(workflow_id), identity="worker"
        )
        return Step("PollWorkflowTaskQueue", lambda service: request, note=workflow_id, timeout=4.0,
                    polls_sticky=workflow_id)

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
        if self.chance(0.5):
            request.sticky_attributes.worker_task_queue.CopyFrom(self.sticky_queue(workflow_id))
            request.sticky_attributes.schedule_to_start_timeout.CopyFrom(seconds(300))
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

    # --- the worker: activities

    def hold_activity(self, workflow_id, activity_id):
        """The name for the token of a task that comes with an answer."""
        name = self._new_task()
        self.held_activities[workflow_id, activity_id] = name
        return name

    def poll_activity_task(self, workflow_id, activity_id):
        name = self.hold_activity(workflow_id, activity_id)
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
                workflow_id=workflow_id,  # without one it is a standalone activity's
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
