"""Guide: "Set the required Activity Timeouts", and the retry policy of its program."""
from datetime import timedelta

import activities
import pytest
import your_timeouts_and_retries
from observe import all_of, names_of, only, pending_activity, run_worker, until, until_event
from temporalio.api.enums.v1 import PendingActivityState, RetryState, TimeoutType
from timeouts_and_retries import ATTEMPTS, TIMEOUT_ACTIVITIES, Observes, SetsNoTimeout

ONCE = {"maximum_attempts": 1}


@pytest.fixture
async def worker(client, queue):
    async with run_worker(client, queue, [Observes, SetsNoTimeout], TIMEOUT_ACTIVITIES):
        yield


async def observe(client, queue, name, *arguments, **options):
    return await client.execute_workflow(Observes.run, args=[name, list(arguments), options], id=queue,
                                         task_queue=queue)


async def timed_out(client, queue):
    return await only(client.get_workflow_handle(queue), "ActivityTaskTimedOut")


async def test_the_guides_program(client, queue):
    async with run_worker(client, queue, [your_timeouts_and_retries.YourWorkflow], [activities.your_activity]):
        result = await client.execute_workflow(your_timeouts_and_retries.YourWorkflow.run, "Hello", id=queue,
                                               task_queue=queue)
    assert result == ["Hello, Activity Timeout option!", "Hello, Retry Policy options!"]
    first, second = await all_of(client.get_workflow_handle(queue), "ActivityTaskScheduled")
    assert first.start_to_close_timeout.ToTimedelta() == second.start_to_close_timeout.ToTimedelta() == timedelta(
        seconds=10)
    assert second.retry_policy.maximum_attempts == 5
    assert second.retry_policy.maximum_interval.ToTimedelta() == timedelta(seconds=2)


async def test_start_to_close(client, queue, worker):
    told = await observe(client, queue, "hang", start_to_close_timeout=0.5, retry=ONCE)
    assert told == {"retry_state": "MAXIMUM_ATTEMPTS_REACHED", "cause": "TimeoutError", "type": "START_TO_CLOSE",
                    "details": [], "message": "activity StartToClose timeout"}
    event = await timed_out(client, queue)
    assert (event.scheduled_event_id, event.started_event_id) == (5, 6)
    assert event.failure.timeout_failure_info.timeout_type == TimeoutType.TIMEOUT_TYPE_START_TO_CLOSE
    assert event.retry_state == RetryState.RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED


async def test_start_to_close_is_for_each_attempt(client, queue, worker):
    told = await observe(client, queue, "hang_the_first_time", start_to_close_timeout=1,
                         retry={"initial_interval": 0.01})
    assert told == {"returned": "second"}
    started = await only(client.get_workflow_handle(queue), "ActivityTaskStarted")
    assert started.attempt >= 2  # on a busy machine another attempt may come too late
    assert started.last_failure.timeout_failure_info.timeout_type == TimeoutType.TIMEOUT_TYPE_START_TO_CLOSE


async def test_schedule_to_close_while_it_runs(client, queue, worker):
    told = await observe(client, queue, "hang", schedule_to_close_timeout=3)
    # The attempt's own timeout, made as long, may be seen first: then there is no time for another attempt.
    assert told.pop("message") in (
        "activity ScheduleToClose timeout",
        "Not enough time to schedule next retry before activity ScheduleToClose timeout, giving up retrying")
    told.pop("inner", None)
    assert told == {"retry_state": "TIMEOUT", "cause": "TimeoutError", "type": "SCHEDULE_TO_CLOSE", "details": []}
    scheduled = await only(client.get_workflow_handle(queue), "ActivityTaskScheduled")
    # What is not set is at most as long.
    assert scheduled.start_to_close_timeout.ToTimedelta() == timedelta(seconds=3)
    assert scheduled.schedule_to_start_timeout.ToTimedelta() == timedelta(seconds=3)


async def test_schedule_to_close_over_all_attempts(client, queue, worker):
    told = await observe(client, queue, "hang", schedule_to_close_timeout=5, start_to_close_timeout=1,
                         retry={"initial_interval": 0.01, "backoff_coefficient": 1.0})
    assert told["cause"] == "TimeoutError"
    assert told["type"] == "SCHEDULE_TO_CLOSE"
    assert told["retry_state"] == "TIMEOUT"
    assert told["inner"] == "activity StartToClose timeout"
    attempts = [attempt for attempt, _ in ATTEMPTS[queue]]
    assert attempts == sorted(set(attempts)) and attempts[-1] >= 2  # on a busy machine the worker misses some
    # The attempts that were retried left no event of their own; the last did if it was running.
    names = await names_of(client.get_workflow_handle(queue))
    assert names.count("ActivityTaskStarted") <= 1 and names.count("ActivityTaskTimedOut") == 1


async def test_schedule_to_start(client, queue, worker):
    nobody = queue + "-nobody"
    told = await observe(client, queue, "hang", schedule_to_start_timeout=0.5, start_to_close_timeout=10,
                         task_queue=nobody)
    assert told == {"retry_state": "TIMEOUT", "cause": "TimeoutError", "type": "SCHEDULE_TO_START",
                    "details": [], "message": "activity ScheduleToStart timeout"}
    assert queue not in ATTEMPTS
    names = await names_of(client.get_workflow_handle(queue))
    assert "ActivityTaskStarted" not in names
    event = await timed_out(client, queue)
    assert event.started_event_id == 0


async def test_schedule_to_close_without_any_worker(client, queue, worker):
    told = await observe(client, queue, "hang", schedule_to_close_timeout=0.5, task_queue=queue + "-nobody")
    assert told["cause"] == "TimeoutError"
    assert told["type"] in ("SCHEDULE_TO_CLOSE", "SCHEDULE_TO_START")


async def test_heartbeat(client, queue, worker):
    told = await observe(client, queue, "beat_once_and_hang", start_to_close_timeout=30, heartbeat_timeout=3,
                         retry=ONCE)
    assert told == {"retry_state": "MAXIMUM_ATTEMPTS_REACHED", "cause": "TimeoutError", "type": "HEARTBEAT",
                    "details": ["last", "words"], "message": "activity Heartbeat timeout"}
    event = await timed_out(client, queue)
    assert event.failure.timeout_failure_info.timeout_type == TimeoutType.TIMEOUT_TYPE_HEARTBEAT


async def test_heartbeats_keep_an_activity_alive(client, queue, worker):
    told = await observe(client, queue, "beat_often", start_to_close_timeout=30, heartbeat_timeout=3, retry=ONCE)
    assert told == {"returned": "ended"}


async def test_one_of_two_timeouts_is_required(client, queue, worker):
    handle = await client.start_workflow(SetsNoTimeout.run, id=queue, task_queue=queue)
    failed = await until_event(handle, "WorkflowTaskFailed")
    assert "start_to_close_timeout" in failed.failure.message
    await handle.terminate()


async def test_intervals_grow_to_their_maximum_and_attempts_end(client, queue, worker):
    told = await observe(client, queue, "fail_until", 99, start_to_close_timeout=10, retry={
        "initial_interval": 0.3, "backoff_coefficient": 2.0, "maximum_interval": 0.9, "maximum_attempts": 5})
    assert told == {"retry_state": "MAXIMUM_ATTEMPTS_REACHED", "cause": "ApplicationError",
                    "message": "RuntimeError: attempt 5"}
    attempts, times = zip(*ATTEMPTS[queue])
    assert attempts == (1, 2, 3, 4, 5)
    gaps = [later - earlier for earlier, later in zip(times, times[1:])]
    # At least the interval; not as long as without a maximum (2.4 s for the last).
    assert all(gap >= least - 0.001 for gap, least in zip(gaps, [0.3, 0.6, 0.9, 0.9])), gaps
    assert gaps[3] < 2.3, gaps
    started = await only(client.get_workflow_handle(queue), "ActivityTaskStarted")
    assert started.attempt == 5
    assert started.last_failure.message == "attempt 4"


async def test_the_server_says_when_it_tries_again(client, queue, worker):
    handle = await client.start_workflow(Observes.run, args=["fail_until", [99], {
        "start_to_close_timeout": 10, "retry": {
            "initial_interval": 0.1, "backoff_coefficient": 1000.0, "maximum_interval": 50, "maximum_attempts": 7}}],
        id=queue, task_queue=queue)

    async def backs_off():
        pending = await pending_activity(handle)
        return pending if pending and pending.attempt == 3 else None
    pending = await until(backs_off, "the activity backs off before its third attempt")
    assert pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
    assert pending.maximum_attempts == 7
    assert abs(pending.current_retry_interval.ToTimedelta() - timedelta(seconds=50)) < timedelta(seconds=0.1)
    assert pending.last_failure.message == "attempt 2"
    assert pending.last_worker_identity == client.identity
    waits = pending.next_attempt_schedule_time.ToNanoseconds() - pending.last_attempt_complete_time.ToNanoseconds()
    assert abs(waits - 50e9) < 1e8
    await handle.terminate()


async def test_it_retries_until_it_succeeds_when_nothing_limits_it(client, queue, worker):
    told = await observe(client, queue, "fail_until", 4, start_to_close_timeout=10,
                         retry={"initial_interval": 0.01, "backoff_coefficient": 1.0})
    assert told == {"returned": 4}
    assert [attempt for attempt, _ in ATTEMPTS[queue]] == [1, 2, 3, 4]


async def test_the_policy_that_is_not_set_retries_after_a_second(client, queue, worker):
    assert await observe(client, queue, "fail_until", 2, start_to_close_timeout=10) == {"returned": 2}
    (_, first), (_, second) = ATTEMPTS[queue]
    assert second - first >= 0.999


async def test_a_failure_that_leaves_no_time_for_another_attempt_is_final(client, queue, worker):
    told = await observe(client, queue, "fail_until", 99, schedule_to_close_timeout=5, retry={"initial_interval": 20})
    assert told == {"retry_state": "TIMEOUT", "cause": "ApplicationError", "message": "RuntimeError: attempt 1"}


async def test_an_error_type_that_the_policy_names_is_not_retried(client, queue, worker):
    told = await observe(client, queue, "raise_value_error", start_to_close_timeout=10,
                         retry={"non_retryable_error_types": ["KeyError", "ValueError"]})
    assert told == {"retry_state": "NON_RETRYABLE_FAILURE", "cause": "ApplicationError",
                    "message": "ValueError: bad account"}
    assert len(ATTEMPTS[queue]) == 1


async def test_another_error_type_is_retried(client, queue, worker):
    told = await observe(client, queue, "raise_typed", "Other", False, start_to_close_timeout=10,
                         retry={"non_retryable_error_types": ["ValueError"], "maximum_attempts": 2,
                                "initial_interval": 0.01})
    assert told["retry_state"] == "MAXIMUM_ATTEMPTS_REACHED"
    assert len(ATTEMPTS[queue]) == 2


async def test_an_error_that_says_so_itself_is_not_retried(client, queue, worker):
    told = await observe(client, queue, "raise_typed", "Final", True, start_to_close_timeout=10)
    assert told == {"retry_state": "NON_RETRYABLE_FAILURE", "cause": "ApplicationError", "message": "Final: typed"}
    failed = await only(client.get_workflow_handle(queue), "ActivityTaskFailed")
    assert failed.failure.application_failure_info.non_retryable
    assert failed.failure.application_failure_info.type == "Final"


async def test_a_timeout_can_be_named_as_not_retryable(client, queue, worker):
    told = await observe(client, queue, "hang", start_to_close_timeout=0.5,
                         retry={"non_retryable_error_types": ["TemporalTimeout:StartToClose"]})
    assert (told["retry_state"], told["type"]) == ("NON_RETRYABLE_FAILURE", "START_TO_CLOSE")
    assert (await only(client.get_workflow_handle(queue), "ActivityTaskStarted")).attempt == 1


async def test_an_error_may_choose_the_next_delay(client, queue, worker):
    assert await observe(client, queue, "choose_next_delay", start_to_close_timeout=10,
                         retry={"initial_interval": 40}) == {"returned": 2}
    (_, first), (_, second) = ATTEMPTS[queue]
    assert 0.299 <= second - first < 20
