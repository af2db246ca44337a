#include "engine/machines/activity.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "engine/durations.h"
#include "engine/failures.h"
#include "engine/history.h"
#include "engine/retry.h"

namespace perdure::engine {

namespace {

using Activity = state::ActivityState;

ItemKey item(std::int64_t scheduled_event_id) { return {ItemKind::kActivity, scheduled_event_id}; }

// The started event of the attempt that runs; none: no attempt runs.
void append_started_event(Execution& run, std::int64_t scheduled_event_id, const std::string& build_id) {
  const Activity& activity = *run.activity(scheduled_event_id);
  if (activity.phase() != Activity::PHASE_STARTED) {
    return;
  }
  history::HistoryEvent event =
      make_event(enums::EVENT_TYPE_ACTIVITY_TASK_STARTED, Timestamp{activity.started_time()});
  auto* attributes = event.mutable_activity_task_started_event_attributes();
  attributes->set_scheduled_event_id(scheduled_event_id);
  attributes->set_attempt(activity.attempt());
  attributes->set_identity(activity.identity());
  attributes->set_request_id(activity.request_id());
  if (!build_id.empty()) {
    attributes->mutable_worker_version()->set_build_id(build_id);
  }
  if (activity.has_last_failure()) {
    *attributes->mutable_last_failure() = activity.last_failure();
  }
  append_event(run, std::move(event));
}

// The closing event's started event id is filled in when both get their ids (flush_buffered_events).
void close(Step& step, std::int64_t scheduled_event_id, history::HistoryEvent event,
           const std::string& build_id = {}) {
  append_started_event(step.run, scheduled_event_id, build_id);
  append_event(step.run, std::move(event));
  step.run.remove(item(scheduled_event_id));
}

void end_attempt(Activity* activity) {
  activity->clear_started_time();
  activity->clear_request_id();
  activity->clear_holder();
}

}  // namespace

void add_activity(Step& step, std::int64_t scheduled_event_id,
                  const history::ActivityTaskScheduledEventAttributes& scheduled) {
  Activity activity;
  activity.set_activity_id(scheduled.activity_id());
  activity.set_activity_type(scheduled.activity_type().name());
  activity.set_task_queue(scheduled.task_queue().name());
  if (scheduled.has_header()) {
    *activity.mutable_header() = scheduled.header();
  }
  if (scheduled.has_input()) {
    *activity.mutable_input() = scheduled.input();
  }
  if (scheduled.has_priority()) {
    *activity.mutable_priority() = scheduled.priority();
  }
  const std::int64_t time = step.run.info().last_event_time();
  activity.set_first_scheduled_time(time);
  activity.set_schedule_to_close_timeout(nanos(scheduled.schedule_to_close_timeout()));
  activity.set_schedule_to_start_timeout(nanos(scheduled.schedule_to_start_timeout()));
  activity.set_start_to_close_timeout(nanos(scheduled.start_to_close_timeout()));
  activity.set_heartbeat_timeout(nanos(scheduled.heartbeat_timeout()));
  *activity.mutable_retry_policy() = scheduled.retry_policy();
  activity.set_phase(Activity::PHASE_WAITING);
  activity.set_attempt(1);
  activity.set_stamp(1);
  activity.set_scheduled_time(time);
  step.run.add(item(scheduled_event_id), std::move(activity));
}

ActivityTaskStart start_attempt(Step& step, std::int64_t scheduled_event_id, const PollerInfo& poller,
                                const std::string& request_id) {
  Activity& activity = step.run.change_activity(scheduled_event_id);
  check(activity.phase() == Activity::PHASE_WAITING, "only a waiting activity starts");
  activity.set_phase(Activity::PHASE_STARTED);
  activity.set_started_time(step.now().nanos);
  activity.set_request_id(request_id);
  activity.set_identity(poller.identity);
  activity.set_holder(poller.holder);
  return activity_task_answer(step.run, scheduled_event_id);
}

ActivityTaskStart activity_task_answer(const Execution& run, std::int64_t scheduled_event_id) {
  const Activity& activity = *run.activity(scheduled_event_id);
  ActivityTaskStart answer;
  answer.ref = {scheduled_event_id, activity.activity_id(), activity.attempt(), activity.stamp()};
  wire::PollActivityTaskQueueResponse& response = answer.response;
  response.set_workflow_namespace(run.key().namespace_name.value);
  response.mutable_workflow_type()->set_name(run.info().workflow_type());
  response.mutable_workflow_execution()->set_workflow_id(run.key().workflow_id.value);
  response.mutable_workflow_execution()->set_run_id(run.run_id().value);
  response.mutable_activity_type()->set_name(activity.activity_type());
  response.set_activity_id(activity.activity_id());
  if (activity.has_header()) {
    *response.mutable_header() = activity.header();
  }
  if (activity.has_input()) {
    *response.mutable_input() = activity.input();
  }
  if (activity.has_heartbeat_details()) {
    *response.mutable_heartbeat_details() = activity.heartbeat_details();
  }
  set_time(response.mutable_scheduled_time(), activity.first_scheduled_time());
  set_time(response.mutable_current_attempt_scheduled_time(), activity.scheduled_time());
  set_time(response.mutable_started_time(), activity.started_time());
  response.set_attempt(activity.attempt());
  set_nanos(response.mutable_schedule_to_close_timeout(), activity.schedule_to_close_timeout());
  set_nanos(response.mutable_start_to_close_timeout(), activity.start_to_close_timeout());
  set_nanos(response.mutable_heartbeat_timeout(), activity.heartbeat_timeout());
  *response.mutable_retry_policy() = activity.retry_policy();
  if (activity.has_priority()) {
    *response.mutable_priority() = activity.priority();
  } else if (run.info().has_priority()) {
    *response.mutable_priority() = run.info().priority();
  }
  return answer;
}

enums::RetryState retry_activity(Step& step, std::int64_t scheduled_event_id, const failure::Failure& why) {
  const Activity& before = *step.run.activity(scheduled_event_id);
  if (before.cancel_requested_event_id() != 0) {
    return enums::RETRY_STATE_CANCEL_REQUESTED;
  }
  if (why.has_timeout_failure_info()) {
    const enums::TimeoutType type = why.timeout_failure_info().timeout_type();
    if (type == enums::TIMEOUT_TYPE_SCHEDULE_TO_START || type == enums::TIMEOUT_TYPE_SCHEDULE_TO_CLOSE) {
      return enums::RETRY_STATE_TIMEOUT;
    }
  }
  std::optional<Timestamp> expiration;
  if (before.schedule_to_close_timeout() > 0) {
    expiration = Timestamp{before.first_scheduled_time() + before.schedule_to_close_timeout()};
  }
  const RetryDecision next =
      next_retry(why, before.retry_policy(), before.attempt(), step.now(), expiration, true);
  if (next.state != enums::RETRY_STATE_IN_PROGRESS) {
    return next.state;
  }
  Activity& activity = step.run.change_activity(scheduled_event_id);
  activity.set_phase(next.backoff.count() > 0 ? Activity::PHASE_BACKOFF : Activity::PHASE_WAITING);
  activity.set_attempt(activity.attempt() + 1);
  activity.set_stamp(activity.stamp() + 1);
  activity.set_scheduled_time((step.now() + next.backoff).nanos);
  activity.set_last_worker_identity(activity.identity());
  if (why.ByteSizeLong() != 0) {
    *activity.mutable_last_failure() = stored_activity_failure(why);
  } else {
    activity.clear_last_failure();  // a worker need not say why
  }
  activity.set_last_attempt_complete_time(step.now().nanos);
  end_attempt(&activity);
  return enums::RETRY_STATE_IN_PROGRESS;
}

void close_activity_completed(Step& step, std::int64_t scheduled_event_id, const Reporter& reporter,
                              const common::Payloads* result) {
  history::HistoryEvent event = make_event(enums::EVENT_TYPE_ACTIVITY_TASK_COMPLETED, step.now());
  auto* attributes = event.mutable_activity_task_completed_event_attributes();
  attributes->set_scheduled_event_id(scheduled_event_id);
  attributes->set_identity(reporter.identity);
  if (result != nullptr) {
    *attributes->mutable_result() = *result;
  }
  close(step, scheduled_event_id, std::move(event), reporter.build_id);
}

void close_activity_failed(Step& step, std::int64_t scheduled_event_id, const failure::Failure& why,
                           enums::RetryState retry_state, const Reporter& reporter) {
  history::HistoryEvent event = make_event(enums::EVENT_TYPE_ACTIVITY_TASK_FAILED, step.now());
  auto* attributes = event.mutable_activity_task_failed_event_attributes();
  attributes->set_scheduled_event_id(scheduled_event_id);
  *attributes->mutable_failure() = why;
  attributes->set_retry_state(retry_state);
  attributes->set_identity(reporter.identity);
  close(step, scheduled_event_id, std::move(event), reporter.build_id);
}

void close_activity_timed_out(Step& step, std::int64_t scheduled_event_id, failure::Failure timeout,
                              enums::RetryState retry_state) {
  const Activity& activity = *step.run.activity(scheduled_event_id);
  if (activity.has_heartbeat_details()) {
    *timeout.mutable_timeout_failure_info()->mutable_last_heartbeat_details() = activity.heartbeat_details();
  }
  if (activity.has_last_failure()) {
    *timeout.mutable_cause() = activity.last_failure();
  }
  history::HistoryEvent event = make_event(enums::EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT, step.now());
  auto* attributes = event.mutable_activity_task_timed_out_event_attributes();
  attributes->set_scheduled_event_id(scheduled_event_id);
  *attributes->mutable_failure() = std::move(timeout);
  attributes->set_retry_state(retry_state);
  close(step, scheduled_event_id, std::move(event));
}

void close_activity_canceled(Step& step, std::int64_t scheduled_event_id, const common::Payloads* details,
                             const std::string& identity) {
  history::HistoryEvent event = make_event(enums::EVENT_TYPE_ACTIVITY_TASK_CANCELED, step.now());
  auto* attributes = event.mutable_activity_task_canceled_event_attributes();
  attributes->set_scheduled_event_id(scheduled_event_id);
  attributes->set_latest_cancel_requested_event_id(
      step.run.activity(scheduled_event_id)->cancel_requested_event_id());
  if (details != nullptr) {
    *attributes->mutable_details() = *details;
  }
  attributes->set_identity(identity);
  close(step, scheduled_event_id, std::move(event));
}

std::optional<ActivityTimeout> next_timeout(const state::ActivityState& activity) {
  std::optional<ActivityTimeout> next;
  // Called in the order of the enum, so that the smaller one wins a tie, as in Temporal's timer sequence.
  auto consider = [&](enums::TimeoutType type, std::int64_t start, std::int64_t timeout) {
    if (timeout > 0 && (!next || Timestamp{start + timeout} < next->deadline)) {
      next = ActivityTimeout{type, Timestamp{start + timeout}};
    }
  };
  const bool started = activity.phase() == Activity::PHASE_STARTED;
  if (started) {
    consider(enums::TIMEOUT_TYPE_START_TO_CLOSE, activity.started_time(), activity.start_to_close_timeout());
  } else {
    consider(enums::TIMEOUT_TYPE_SCHEDULE_TO_START, activity.scheduled_time(),
             activity.schedule_to_start_timeout());
  }
  consider(enums::TIMEOUT_TYPE_SCHEDULE_TO_CLOSE, activity.first_scheduled_time(),
           activity.schedule_to_close_timeout());
  if (started) {
    consider(enums::TIMEOUT_TYPE_HEARTBEAT, std::max(activity.started_time(), activity.last_heartbeat_time()),
             activity.heartbeat_timeout());
  }
  return next;
}

}  // namespace perdure::engine
