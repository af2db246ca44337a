#!/usr/bin/env python3
"""Asks two services the same random requests and compares what they say and record.

    differential.py ADDRESS ADDRESS [--seed N] [--seeds COUNT] [--steps COUNT] [--verbose]

Ends with 1 at the first difference, after showing it and the requests that led there.
"""

import argparse
import concurrent.futures
import random
import re
import sys
import time
import uuid

import grpc
from google.protobuf import text_format
from temporalio.api.enums.v1 import PendingActivityState, PendingWorkflowTaskState, TaskQueueKind

from normalise import differences, first_difference, visible_history
from service import RUNNING, Service
from steps import Steps

NEAR = 0.5  # seconds: nothing is asked while something falls due this soon
GRACE = 0.7  # seconds after which whatever fell due has happened
PATIENCE = 4.0  # seconds that both may take until they agree
SLOW = 5.0  # seconds that no poll takes whose task waits, except on a machine that is busy
STICKY_LIVES = 6.0  # seconds after a poll of a sticky queue in which it surely gets its tasks
STICKY_GONE = 13.0  # seconds after which the normal queue surely does
APART = 0.15  # seconds: what falls due closer together happens in either order


class Difference(Exception):
    pass


class Undecided(Exception):
    """Time decides, not the requests: from here on even one service may differ from itself."""


class Run:
    """One seed."""

    def __init__(self, seed, addresses, names, verbose=False, survey=None):
        self.prefix = f"{seed}-{uuid.uuid4().hex[:8]}-"
        self.random = random.Random(seed)
        self.services = [Service(name, a, self.prefix) for name, a in zip(names, addresses)]
        self.workflow_ids = [self.prefix + name for name in ("one", "two", "three")]
        self.steps = Steps(self.random, self.prefix, self.workflow_ids)
        self.states = {}  # workflow id: (tree, description, events) of the first service
        self.sticky_polled = {}  # workflow id: when its sticky queue was polled
        self.log = []
        self.verbose = verbose
        self.survey = survey  # given: differences are counted here and the run goes on
        self.pool = concurrent.futures.ThreadPoolExecutor(2)
        self.next_due = 1e12  # in seconds since 1970, when the last request was made

    def close(self):
        self.pool.shutdown()
        for service in self.services:
            service.close()

    def both(self, work):
        """[work(first), work(second)], at the same time."""
        return list(self.pool.map(work, self.services))

    def go(self, count):
        """How many requests were asked: less than `count` if the rest would not be decided by them."""
        asked = 0
        try:
            while asked < count:
                self.wait_for_what_is_due()
                self.ask(self.next_step())
                asked += 1
                self.compare_states()
        except Undecided:
            return asked
        self.compare_all_runs()
        return asked

    # --- what to ask

    def next_step(self):
        steps, open_ids, choices = self.steps, set(), []
        for workflow_id, (_, description, events) in self.states.items():
            if description is None or description.workflow_execution_info.status != RUNNING:
                continue
            open_ids.add(workflow_id)
            choices += self.worker_choices(workflow_id, description, events)
            urgent = self.urgent(workflow_id, description, events)
            if urgent:
                return urgent
        choices += [
            (3 if len(open_ids) < 2 else 1, steps.start),
            (1.5, steps.signal),
            (0.5, steps.cancel),
            (0.3, steps.terminate),
            (0.5, steps.describe),
            (0.8, lambda: steps.read_history(open_ids)),
            (0.15, lambda: steps.complete_workflow_task(steps.workflow_id(), [], [])),
            (0.15, lambda: steps.answer_activity(steps.workflow_id(), "a")),
        ]
        weights = [weight for weight, _ in choices]
        return self.random.choices(choices, weights)[0][1]()

    def urgent(self, workflow_id, description, events):
        """A second attempt is completed at once: how long a third may take is drawn by the service."""
        task = description.pending_workflow_task
        if task.attempt < 2:
            return None
        if task.state == PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_STARTED:
            if workflow_id in self.steps.held_workflow_task:
                return self.steps.complete_workflow_task(workflow_id, [], [], calm=True)
            return None
        return self.steps.poll_workflow_task(workflow_id)

    def worker_choices(self, workflow_id, description, events):
        steps, choices = self.steps, []
        task = description.pending_workflow_task
        if task.state == PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_SCHEDULED:
            sticky = self.waits_on_sticky_queue(workflow_id, task, events)
            choices.append((4, lambda: steps.poll_workflow_task(workflow_id, sticky)))
        elif task.state == PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_STARTED:
            timers = set(pending_timers(events))
            activities = pending_activity_events(events, description)
            choices.append((4, lambda: steps.complete_workflow_task(workflow_id, activities, timers)))
            choices.append((0.4, lambda: steps.fail_workflow_task(workflow_id)))
        else:
            choices.append((0.3, lambda: steps.show_sticky_worker(workflow_id)))
        for activity in description.pending_activities:
            activity_id = activity.activity_id
            waits = not activity.HasField("next_attempt_schedule_time")
            if activity.state == PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED and waits:
                choices.append((2, lambda a=activity_id: steps.poll_activity_task(workflow_id, a)))
            else:
                choices.append((2, lambda a=activity_id: steps.answer_activity(workflow_id, a)))
        return choices

    def waits_on_sticky_queue(self, workflow_id, task, events):
        """A task for a sticky worker that has not polled lately is given to the normal queue instead."""
        queues = [e.workflow_task_scheduled_event_attributes.task_queue for e in events
                  if e.HasField("workflow_task_scheduled_event_attributes")]
        if task.attempt > 1 or queues[-1].kind != TaskQueueKind.TASK_QUEUE_KIND_STICKY:
            return False
        silence = at(task.scheduled_time) - self.sticky_polled.get(workflow_id, 0)
        if STICKY_LIVES < silence < STICKY_GONE:
            raise Undecided
        return silence < STICKY_LIVES

    # --- asking

    def ask(self, step):
        requests = [step.request(service) for service in self.services]
        asked = dict(zip(self.services, requests))
        self.log.append(f"{step.method} {step.note}\n{indented(text_format.MessageToString(requests[0]))}")
        if self.verbose:
            print(self.log[-1])
        timed = self.both(lambda service: timed_call(service, step.method, asked[service], step.timeout))
        answers = [answer for answer, _ in timed]
        if step.method.startswith("GetWorkflowExecutionHistory"):
            read = dict(zip(self.services, answers))
            answers = self.both(lambda s: self.whole_reading(s, step.method, asked[s], read[s]))
        trees = [service.comparable(answer) for service, answer in zip(self.services, answers)]
        if step.polls_sticky and not step.keeps_task:
            # Only polled to be seen: a busy machine may be too late to say that there is nothing.
            trees = [{} if tree.get("code") == "DEADLINE_EXCEEDED" else tree for tree in trees]
        self.log.append(f"  -> {short(trees[0])}")
        if self.verbose:
            print(self.log[-1])
        if time.time() > self.next_due and not self.same("", *trees):
            raise Undecided  # a slow machine: something fell due while this was asked
        if self.is_slow(step, answers, timed[0][1]) and not self.same("", *trees):
            raise Undecided
        self.must_be_equal(f"the answers to {step.method}", *trees)
        if step.polls_sticky:
            self.sticky_polled[step.polls_sticky] = time.time()
        if step.keeps_task:
            for service, answer in zip(self.services, answers):
                service.tokens[step.keeps_task] = getattr(answer, "task_token", b"")
            kind = "workflow" if step.method == "PollWorkflowTaskQueue" else "activity"
            self.steps.old_tasks.append((kind, step.keeps_task))
        self.keep_eager_activities([getattr(answer, "activity_tasks", []) for answer in answers])
        run_id = getattr(answers[0], "run_id", "")
        if run_id:
            workflow_id = requests[0].workflow_id
            known = self.steps.runs.setdefault(workflow_id, [])
            name = self.services[0].normaliser.text(run_id)
            if name not in known:
                known.append(name)

    def is_slow(self, step, answers, reference_seconds):
        """The real Temporal may lose a task that it is slow to hand out; a third attempt has random timeouts."""
        if step.method != "PollWorkflowTaskQueue":
            return False
        return reference_seconds > SLOW or any(getattr(answer, "attempt", 0) > 2 for answer in answers)

    def keep_eager_activities(self, tasks_of_services):
        """Those that came with the answer to a workflow task are held as if they had been polled."""
        for tasks in zip(*tasks_of_services):
            name = self.steps.hold_activity(tasks[0].workflow_execution.workflow_id, tasks[0].activity_id)
            for service, task in zip(self.services, tasks):
                service.tokens[name] = task.task_token
            self.steps.old_tasks.append(("activity", name))

    def whole_reading(self, service, method, request, answer):
        """The answer with the events of the pages behind it: where a page ends is a service's own business."""
        if isinstance(answer, grpc.RpcError):
            return answer
        events, page = list(answer.history.events), answer
        waits = getattr(request, "wait_new_event", False) and not request.history_event_filter_type
        while page.next_page_token and not waits:
            request.next_page_token = page.next_page_token
            page = service.call(method, request)
            if isinstance(page, grpc.RpcError):
                return page
            events.extend(page.history.events)
        if method.endswith("Reverse"):
            events = visible_history(events[::-1])[::-1]
        elif not request.history_event_filter_type:
            events = visible_history(events)
        whole = type(answer)()
        whole.history.events.extend(events)
        return whole

    # --- comparing

    def compare_states(self):
        for workflow_id in self.workflow_ids:
            self.compare_state(workflow_id)

    def compare_state(self, workflow_id, run=""):
        """Until they agree, or patience ends."""
        give_up = time.monotonic() + (PATIENCE if self.survey is None else 1)
        while True:
            states = self.both(lambda service: service.run_state(workflow_id, service.normaliser.id_of(run)))
            if self.same(f"the state of {run or 'the current run'}", states[0][0], states[1][0]):
                if not run:
                    self.remember(workflow_id, states[0])
                return states
            if time.monotonic() > give_up:
                self.must_be_equal(f"the state of {run or 'the current run'}", states[0][0], states[1][0])
                self.remember(workflow_id, states[0])
                return states
            time.sleep(0.05)

    def remember(self, workflow_id, state):
        self.states[workflow_id] = state
        if state[1] is not None:
            name = self.services[0].normaliser.text(state[1].workflow_execution_info.execution.run_id)
            known = self.steps.runs.setdefault(workflow_id, [])
            if name not in known:
                known.append(name)

    def compare_all_runs(self):
        for workflow_id, runs in self.steps.runs.items():
            if workflow_id.startswith(self.prefix):
                for run in runs:
                    self.compare_state(workflow_id, run)

    def same(self, what, left, right):
        if self.survey is None:
            return first_difference(left, right) is None
        return all(key in self.survey for key in signatures(what, left, right))

    def must_be_equal(self, what, left, right):
        if self.survey is not None:
            for key in signatures(what, left, right):
                self.survey.setdefault(key, []).append(len(self.log) // 2)
            return
        found = first_difference(left, right)
        if found:
            path, first, second = found
            lines = ["", *self.log[-14:], "", f"{what} differ at {path}:"]
            lines += [f"  {self.services[0].name}: {short(first, 2000)}", f"  {self.services[1].name}: {short(second, 2000)}"]
            for service, tree in zip(self.services, (left, right)):
                lines += ["", f"{service.name}, whole:", render(tree)]
            raise Difference("\n".join(lines))

    # --- time

    def wait_for_what_is_due(self):
        """Until nothing falls due in the next moment, and what fell due has happened on both."""
        give_up = time.time() + 60
        while True:
            near = self.soon_due()
            if not near or time.time() > give_up:
                return
            time.sleep(max(0.0, near[-1] + GRACE - time.time()))
            self.compare_states()

    def soon_due(self):
        now = time.time()
        due = []
        for workflow_id in self.workflow_ids:
            for _, description, events in self.both(lambda service: service.run_state(workflow_id)):
                if description is not None:
                    found = sorted(at for at in set(deadlines(description, events)) if at > now - GRACE)
                    if any(later - at < APART for at, later in zip(found, found[1:]) if now < at < now + NEAR):
                        raise Undecided
                    due += found
        self.next_due = min((at for at in due if at > now), default=1e12)
        return sorted(at for at in due if at < now + NEAR)


def timed_call(service, method, request, timeout):
    begun = time.monotonic()
    return service.call(method, request, timeout), time.monotonic() - begun


def signatures(what, left, right):
    """One text for each kind of difference."""
    what = re.sub(r"id-\d+", "a run", what)
    return {
        f"{what} {re.sub(r'[0-9]+', '', path)}\n    {no_ids(one)}\n    {no_ids(other)}"
        for path, one, other in differences(left, right)
        if no_ids(one) != no_ids(other)
    }


def no_ids(tree):
    return re.sub(r"id-\d+", "id", short(tree))


def deadlines(description, events):
    """When something happens by itself, in seconds since 1970."""
    info, extended = description.workflow_execution_info, description.workflow_extended_info
    if info.status != RUNNING:
        return []
    end = max(at(extended.run_expiration_time), 0) or 1e12
    last_end = at(extended.execution_expiration_time) or 1e12
    due = [min(end, last_end), at(info.execution_time)]
    task = description.pending_workflow_task
    if task.HasField("started_time"):
        due.append(at(task.started_time) + span(description.execution_config.default_workflow_task_timeout))
    due.append(at(task.scheduled_time))
    for activity in description.pending_activities:
        options = activity.activity_options
        due += [at(activity.expiration_time), at(activity.next_attempt_schedule_time), at(activity.scheduled_time)]
        due.append(at(activity.scheduled_time) + span(options.schedule_to_start_timeout))
        started = at(activity.last_started_time)
        due.append(started + span(options.start_to_close_timeout))
        due.append(max(started, at(activity.last_heartbeat_time)) + span(options.heartbeat_timeout))
    due += pending_timers(events).values()
    return due


def pending_timers(events):
    """{timer id: when it fires}"""
    timers, names = {}, {}
    for event in events:
        if event.HasField("timer_started_event_attributes"):
            attributes = event.timer_started_event_attributes
            names[event.event_id] = attributes.timer_id
            timers[attributes.timer_id] = at(event.event_time) + span(attributes.start_to_fire_timeout)
        elif event.HasField("timer_fired_event_attributes"):
            timers.pop(names[event.timer_fired_event_attributes.started_event_id], None)
        elif event.HasField("timer_canceled_event_attributes"):
            timers.pop(names[event.timer_canceled_event_attributes.started_event_id], None)
    return timers


def pending_activity_events(events, description):
    """Scheduled event ids of activities that are pending."""
    pending = {activity.activity_id for activity in description.pending_activities}
    found = {}
    for event in events:
        if event.HasField("activity_task_scheduled_event_attributes"):
            found[event.activity_task_scheduled_event_attributes.activity_id] = event.event_id
    return [event_id for activity_id, event_id in found.items() if activity_id in pending]


def at(timestamp):
    return timestamp.ToNanoseconds() / 1e9


def span(duration):
    return duration.ToNanoseconds() / 1e9 or 1e12


def indented(text):
    return "".join(f"    {line}\n" for line in text[:3000].splitlines()).rstrip()


def short(tree, most=300):
    text = str(tree)
    return text if len(text) <= most else text[:most] + "…"


def render(tree, indent="  "):
    if isinstance(tree, dict) and isinstance(tree.get("history"), list):
        lines = [f"{indent}{event.get('event_id')} {event.get('event_type')} {attributes_of(event)}" for event in tree["history"]]
        rest = {key: value for key, value in tree.items() if key != "history"}
        return "\n".join(lines + [f"{indent}{rest}"])
    return indent + str(tree)


def attributes_of(event):
    return {k: v for k, v in event.items() if k not in ("event_id", "event_type", "event_time")}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("addresses", nargs=2)
    parser.add_argument("--names", default="temporal,perdure")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--keep-going", action="store_true", help="show the differences of all seeds")
    parser.add_argument("--survey", action="store_true", help="go on after differences, list their kinds at the end")
    arguments = parser.parse_args()
    survey = {} if arguments.survey else None
    failed = 0
    for seed in range(arguments.seed, arguments.seed + arguments.seeds):
        begin = time.monotonic()
        run = Run(seed, arguments.addresses, arguments.names.split(","), arguments.verbose, survey)
        try:
            asked = run.go(arguments.steps)
            print(f"seed {seed}: {asked} requests, the same ({time.monotonic() - begin:.0f} s)", flush=True)
        except Difference as difference:
            print(f"seed {seed}: DIFFERENT after {len(run.log) // 2} requests{difference}\n", flush=True)
            failed += 1
            if not arguments.keep_going:
                break
        finally:
            run.close()
    for kind, where in (survey or {}).items():
        print(f"{len(where)} times, first after {where[0]} requests: {kind}")
    return 1 if failed or survey else 0


if __name__ == "__main__":
    sys.exit(main())
