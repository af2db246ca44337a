// What workers and clients say about activities: api/recordactivitytaskstarted, api/respondactivitytask…,
// api/recordactivitytaskheartbeat of Temporal, with its texts.
#include <fmt/format.h>

#include "base/limits.h"
#include "base/planted.h"
#include "engine/commit.h"
#include "engine/engine.h"
#include "engine/execution.h"
#include "engine/failures.h"
#include "engine/machines/activity.h"
#include "engine/machines/workflow_task.h"

namespace perdure::engine {

namespace {

using Activity = state::ActivityState;

constexpr const char* kRunClosed = "workflow execution already completed";
constexpr const char* kActivityGone =
    "invalid activityID or activity already timed out or invoking workflow is completed";

// The scheduled event id of the activity that `ref` names, if its attempt is the current one. `may_wait`: a
// completion by id also ends an activity that no worker has started.
Result<std::int64_t> find_attempt(const Execution& run, const ActivityTaskRef& ref, bool may_wait) {
  if (!run.running()) {
    return not_found(kRunClosed);
  }
  const bool by_id = ref.scheduled_event_id == 0;
  if (by_id && ref.activity_id.empty()) {
    return invalid_argument("activityID cannot be empty");
  }
  const std::int64_t id = by_id ? run.find_activity(ref.activity_id) : ref.scheduled_event_id;
  const Activity* activity = run.activity(id);
  if (activity == nullptr && by_id) {
    return not_found(
        fmt::format("cannot find pending activity with ActivityID {}, check workflow execution history "
                    "for more details",
                    ref.activity_id));
  }
  if (activity == nullptr) {
    return not_found(kActivityGone);
  }
  const bool check_attempt = !planted(PlantedBug::kNoAttemptCheck);
  const bool other_attempt = (ref.attempt != 0 && ref.attempt != activity->attempt()) ||
                             (ref.stamp != 0 && ref.stamp != activity->stamp());
  const bool running = activity->phase() == Activity::PHASE_STARTED;
  if ((check_attempt && other_attempt) || (!running && !(by_id && may_wait))) {
    return not_found(kActivityGone);
  }
  return id;
}

void record_progress(Step& step, std::int64_t id, const common::Payloads* details,
                     const std::string& identity) {
  Activity& activity = step.run.change_activity(id);
  if (details != nullptr) {
    *activity.mutable_heartbeat_details() = *details;
  } else {
    activity.clear_heartbeat_details();
  }
  if (!identity.empty()) {
    activity.set_last_worker_identity(identity);
  }
  activity.set_last_heartbeat_time(step.now().nanos);
}

// The API calls the field deprecated, but SDKs still report their build here.
template <class Request>
Reporter reporter_of(const Request& request) {
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
  return {request.identity(), request.worker_version().build_id()};
#pragma clang diagnostic pop
}

// Another attempt, or the closing event and a workflow task.
void fail_attempt(Step& step, std::int64_t id, const failure::Failure& why, const Reporter& reporter) {
  const enums::RetryState retry_state = retry_activity(step, id, why);
  if (retry_state != enums::RETRY_STATE_IN_PROGRESS) {
    close_activity_failed(step, id, why, retry_state, reporter);
    schedule_workflow_task_if_none(step);
  }
  commit(step);
}

bool too_large(const common::Payloads& payloads) { return payloads.ByteSizeLong() > limits::kBlobError; }

}  // namespace

Result<ActivityTaskStart> start_activity(Outcome& out, Execution& run, std::int64_t scheduled_event_id,
                                         const PollerInfo& poller, const Context& context) {
  if (!run.running()) {
    return not_found(kRunClosed);
  }
  const Activity* activity = run.activity(scheduled_event_id);
  if (activity == nullptr) {
    return not_found(kActivityGone);
  }
  if (activity->phase() == Activity::PHASE_STARTED && !poller.request_id.empty() &&
      activity->request_id() == poller.request_id) {
    return activity_task_answer(run, scheduled_event_id);
  }
  if (activity->phase() != Activity::PHASE_WAITING) {
    return not_found("Activity task already started.");
  }
  Step step{out, run, context};
  ActivityTaskStart answer = start_attempt(step, scheduled_event_id, poller, poller.request_id);
  commit(step);
  return answer;
}

Result<wire::RespondActivityTaskCompletedResponse> complete_activity(
    Outcome& out, Execution& run, const ActivityTaskRef& task,
    const wire::RespondActivityTaskCompletedRequest& request, const Context& context) {
  const bool too_large_to_keep = too_large(request.result());
  Result<std::int64_t> id = find_attempt(run, task, !too_large_to_keep);
  if (!id) {
    return id.status();
  }
  Step step{out, run, context};
  if (too_large_to_keep) {
    fail_attempt(step, *id, make_server_failure("Complete result exceeds size limit.", true),
                 {request.identity()});
    return wire::RespondActivityTaskCompletedResponse();
  }
  if (run.activity(*id)->phase() != Activity::PHASE_STARTED) {
    // Completed from outside before any worker took it: the history still shows a start, as Temporal.
    Activity& activity = run.change_activity(*id);
    activity.set_phase(Activity::PHASE_STARTED);
    activity.set_started_time(context.now.nanos);
    activity.set_identity(request.identity());
  }
  close_activity_completed(step, *id, reporter_of(request),
                           request.has_result() ? &request.result() : nullptr);
  schedule_workflow_task_if_none(step);
  commit(step);
  return wire::RespondActivityTaskCompletedResponse();
}

Result<wire::RespondActivityTaskFailedResponse> fail_activity(
    Outcome& out, Execution& run, const ActivityTaskRef& task,
    const wire::RespondActivityTaskFailedRequest& request, const Context& context) {
  Result<std::int64_t> id = find_attempt(run, task, false);
  if (!id) {
    return id.status();
  }
  Step step{out, run, context};
  wire::RespondActivityTaskFailedResponse response;
  if (request.has_last_heartbeat_details()) {
    if (too_large(request.last_heartbeat_details())) {
      *response.add_failures() = make_server_failure("Heartbeat details exceed size limit.", true);
    } else {
      record_progress(step, *id, &request.last_heartbeat_details(), request.identity());
    }
  }
  failure::Failure why = bounded_failure(request.failure());
  if (request.failure().ByteSizeLong() > limits::kBlobError) {
    *response.add_failures() = why;
  }
  fail_attempt(step, *id, why, reporter_of(request));
  return response;
}

Result<wire::RespondActivityTaskCanceledResponse> cancel_activity(
    Outcome& out, Execution& run, const ActivityTaskRef& task,
    const wire::RespondActivityTaskCanceledRequest& request, const Context& context) {
  Result<std::int64_t> id = find_attempt(run, task, false);
  if (!id) {
    return id.status();
  }
  Step step{out, run, context};
  if (too_large(request.details())) {
    fail_attempt(step, *id, make_server_failure("Cancel details exceed size limit.", true),
                 {request.identity()});
    return wire::RespondActivityTaskCanceledResponse();
  }
  if (run.activity(*id)->cancel_requested_event_id() == 0) {
    return invalid_argument(
        "unable to mark activity as canceled without activity being request canceled first");
  }
  close_activity_canceled(step, *id, request.has_details() ? &request.details() : nullptr,
                          {request.identity()});
  schedule_workflow_task_if_none(step);
  commit(step);
  return wire::RespondActivityTaskCanceledResponse();
}

Result<wire::RecordActivityTaskHeartbeatResponse> heartbeat_activity(
    Outcome& out, Execution& run, const ActivityTaskRef& task,
    const wire::RecordActivityTaskHeartbeatRequest& request, const Context& context) {
  Result<std::int64_t> id = find_attempt(run, task, false);
  if (!id) {
    return id.status();
  }
  Step step{out, run, context};
  wire::RecordActivityTaskHeartbeatResponse response;
  if (too_large(request.details())) {
    fail_attempt(step, *id, make_server_failure("Heartbeat details exceed size limit.", true),
                 {request.identity()});
    response.set_cancel_requested(true);
    return response;
  }
  record_progress(step, *id, request.has_details() ? &request.details() : nullptr, request.identity());
  response.set_cancel_requested(run.activity(*id)->cancel_requested_event_id() != 0);
  commit(step);
  return response;
}

}  // namespace perdure::engine
