"""Random commands of workflow tasks."""

from google.protobuf.duration_pb2 import Duration
from temporalio.api.command.v1 import Command
from temporalio.api.enums.v1 import CommandType
from temporalio.api.failure.v1 import Failure

from draws import Draws, payloads, seconds


class Commands(Draws):
    """`calm`: nothing that is refused, and nothing that falls due soon."""

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
        attributes.request_eager_execution = self.chance(0.3)
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
