#!/usr/bin/env python3
"""Each command of the `temporal` CLI that Perdure serves, run as a user would: cli_test.py TEMPORAL_PROGRAM ADDRESS"""

import json
import subprocess
import sys
import threading
import uuid

from temporalio.api.command.v1 import Command
from temporalio.api.enums.v1 import CommandType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice import v1 as api

from service import Service
from steps import payloads, seconds


class Cli:
    def __init__(self, program, address):
        self.program, self.address = program, address

    def __call__(self, *words, fails=False, json_output=False):
        command = [self.program, *words, "--address", self.address] + (["-o", "json"] if json_output else [])
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        if (done.returncode != 0) != fails:
            raise AssertionError(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
        text = done.stdout + done.stderr
        return json.loads(done.stdout) if json_output and not fails else text


class Worker:
    """Answers the tasks of one queue by hand."""

    def __init__(self, address, queue):
        self.service, self.queue = Service("worker", address), queue

    def workflow_task(self, *commands):
        poll = api.PollWorkflowTaskQueueRequest(namespace="default", task_queue=TaskQueue(name=self.queue), identity="by hand")
        task = self.service.call("PollWorkflowTaskQueue", poll)
        answer = api.RespondWorkflowTaskCompletedRequest(namespace="default", task_token=task.task_token, identity="by hand")
        answer.commands.extend(commands)
        assert isinstance(self.service.call("RespondWorkflowTaskCompleted", answer), api.RespondWorkflowTaskCompletedResponse)

    def take_activity(self):
        poll = api.PollActivityTaskQueueRequest(namespace="default", task_queue=TaskQueue(name=self.queue), identity="by hand")
        return self.service.call("PollActivityTaskQueue", poll)


def activity_command(activity_id, queue):
    command = Command(command_type=CommandType.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK)
    attributes = command.schedule_activity_task_command_attributes
    attributes.activity_id, attributes.activity_type.name, attributes.task_queue.name = activity_id, "work", queue
    attributes.start_to_close_timeout.CopyFrom(seconds(300))
    attributes.retry_policy.maximum_attempts = 1
    return command


def complete_command(text):
    command = Command(command_type=CommandType.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION)
    command.complete_workflow_execution_command_attributes.result.CopyFrom(payloads(text))
    return command


def has(text, *parts):
    for part in parts:
        assert part in text, f"{part!r} is not in:\n{text}"


class Tests:
    def __init__(self, cli, address):
        self.cli, self.address = cli, address
        self.queue = ""  # another for each test

    def start(self, name):
        workflow_id = f"{self.queue}-{name}"
        said = self.cli("workflow", "start", "--type", "Flow", "--task-queue", self.queue, "--workflow-id", workflow_id,
                        "--input", '"in"')  # fmt: skip
        has(said, "Running execution", workflow_id, self.queue)
        return workflow_id

    def status(self, workflow_id):
        described = self.cli("workflow", "describe", "-w", workflow_id, json_output=True)
        return described["workflowExecutionInfo"]["status"]

    def test_operator_cluster(self):
        has(self.cli("operator", "cluster", "health"), "SERVING")
        has(self.cli("operator", "cluster", "describe", "--detail"), "active", "sqlite")
        has(self.cli("operator", "cluster", "system"), "1.32.0")

    def test_operator_namespace(self):
        has(self.cli("operator", "namespace", "list"), "NamespaceInfo.Name", "default", "Registered")
        has(self.cli("operator", "namespace", "describe", "-n", "default"), "default", "Registered")
        has(self.cli("operator", "namespace", "describe", "-n", "nowhere", fails=True), "Namespace nowhere is not found.")

    def test_operator_namespace_create_and_update(self):
        name = f"made-for-{self.queue}"
        has(self.cli("operator", "namespace", "create", "-n", name, "--description", "d", "--data", "a=b"), "registered")
        has(self.cli("operator", "namespace", "create", "-n", name, fails=True), f'Namespace "{name}" already exists')
        has(self.cli("operator", "namespace", "update", "-n", name, "--retention", "24h", "--data", "c=d"), "succeeded")
        has(self.cli("operator", "namespace", "describe", "-n", name), name, "map[a:b c:d]", "24h0m0s", "Normal")
        short = ("operator", "namespace", "create", "-n", name + "-short", "--retention", "30m")
        has(self.cli(*short, fails=True), "A valid retention period is not set on request.")
        start = ("workflow", "start", "-n", name, "--type", "Flow", "--task-queue", self.queue, "-w", "w")
        has(self.cli(*start), "Running execution")
        has(self.cli("workflow", "describe", "-n", name, "-w", "w"), "Flow")
        has(self.cli("workflow", "describe", "-w", "w", fails=True), "not found")

    def test_workflow_start_twice(self):
        workflow_id = self.start("twice")
        has(self.start("twice"), workflow_id)  # the CLI is content with the run that is there
        self.cli("workflow", "terminate", "-w", workflow_id)

    def test_workflow_describe_show_result(self):
        workflow_id = self.start("whole")
        has(self.cli("workflow", "describe", "-w", workflow_id), "Execution Info", "Flow", "Pending Activities: 0")
        worker = Worker(self.address, self.queue)
        worker.workflow_task(activity_command("a", self.queue))
        has(self.cli("workflow", "describe", "-w", workflow_id), "Pending Activities: 1", "work")
        worker.take_activity()
        self.cli("activity", "complete", "-w", workflow_id, "--activity-id", "a", "--result", '"done"')
        worker.workflow_task(complete_command("forty-two"))
        has(self.cli("workflow", "result", "-w", workflow_id), "forty-two")
        has(self.cli("workflow", "describe", "-w", workflow_id), "CloseTime", "forty-two")
        assert self.status(workflow_id) == "WORKFLOW_EXECUTION_STATUS_COMPLETED"
        shown = self.cli("workflow", "show", "-w", workflow_id)
        has(shown, "WorkflowExecutionStarted", "ActivityTaskCompleted", "WorkflowExecutionCompleted")
        events = self.cli("workflow", "show", "-w", workflow_id, json_output=True)["events"]
        assert [event["eventId"] for event in events] == [str(i + 1) for i in range(len(events))]
        assert events[0]["workflowExecutionStartedEventAttributes"]["identity"].startswith("temporal-cli")

    def test_activity_fail(self):
        workflow_id = self.start("activity-fail")
        worker = Worker(self.address, self.queue)
        worker.workflow_task(activity_command("b", self.queue))
        worker.take_activity()
        self.cli("activity", "fail", "-w", workflow_id, "--activity-id", "b", "--reason", "by hand", "--detail", '"why"')
        has(self.cli("workflow", "show", "-w", workflow_id, "--detailed"), "ActivityTaskFailed", "by hand")
        again = self.cli("activity", "complete", "-w", workflow_id, "--activity-id", "b", "--result", "1", fails=True)
        has(again, "cannot find pending activity with ActivityID b")
        self.cli("workflow", "terminate", "-w", workflow_id)

    def test_workflow_execute(self):
        worker = threading.Thread(target=Worker(self.address, self.queue).workflow_task, args=[complete_command("at once")])
        worker.start()
        said = self.cli("workflow", "execute", "--type", "Flow", "--task-queue", self.queue, "--workflow-id", f"{self.queue}-x")
        worker.join()
        has(said, "at once")

    def test_workflow_signal_cancel_terminate(self):
        workflow_id = self.start("told")
        has(self.cli("workflow", "signal", "-w", workflow_id, "--name", "go", "--input", "1"), "Signal")
        has(self.cli("workflow", "cancel", "-w", workflow_id), "Canceled workflow")
        has(self.cli("workflow", "describe", "-w", workflow_id), "CancelRequested    true")
        has(self.cli("workflow", "terminate", "-w", workflow_id, "--reason", "enough"), "Workflow terminated")
        shown = self.cli("workflow", "show", "-w", workflow_id)
        has(shown, "WorkflowExecutionSignaled", "WorkflowExecutionCancelRequested", "WorkflowExecutionTerminated")
        assert self.status(workflow_id) == "WORKFLOW_EXECUTION_STATUS_TERMINATED"
        has(self.cli("workflow", "result", "-w", workflow_id, fails=True), "workflow failed")
        has(self.cli("workflow", "signal", "-w", workflow_id, "--name", "go", fails=True), "workflow execution already completed")

    def test_errors_name_what_is_missing(self):
        has(self.cli("workflow", "describe", "-w", "nobody", fails=True), "workflow not found for ID: nobody")
        has(self.cli("workflow", "terminate", "-w", "nobody", fails=True), "workflow not found for ID: nobody")
        has(self.cli("workflow", "list", fails=True), "ListWorkflowExecutions is not implemented by this version of Perdure")


def run(program, address):
    """[(test, None or what went wrong)]"""
    tests, outcomes = Tests(Cli(program, address), address), []
    for name in [name for name in dir(tests) if name.startswith("test_")]:
        try:
            tests.queue = f"cli-{uuid.uuid4().hex[:8]}"
            getattr(tests, name)()
            outcomes.append((name, None))
        except Exception as error:  # noqa: BLE001  every failure is a line of the report
            outcomes.append((name, f"{type(error).__name__}: {error}"))
        print(f"{name}: {outcomes[-1][1] or 'ok'}", flush=True)
    return outcomes


if __name__ == "__main__":
    sys.exit(any(problem for _, problem in run(*sys.argv[1:])))
