"""Small random parts of requests: ids, durations, policies, failures."""

from google.protobuf.duration_pb2 import Duration
from temporalio.api.common.v1 import Payload, Payloads, RetryPolicy, WorkflowExecution
from temporalio.api.failure.v1 import Failure

NOWHERE = "99999999-9999-4999-8999-999999999999"  # a run id that nobody has


def payloads(text):
    return Payloads(payloads=[Payload(metadata={"encoding": b"json/plain"}, data=f'"{text}"'.encode())])


def seconds(value):
    whole = int(value)
    return Duration(seconds=whole, nanos=round((value - whole) * 1e3) * 10**6)


class Draws:
    def __init__(self, random, prefix, workflow_ids):
        self.random = random
        self.prefix = prefix
        self.workflow_ids = workflow_ids
        self.request_ids = {}  # kind: those that were used
        self.shorts = 0
        self.runs = {}  # workflow id: [names of run ids]

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
