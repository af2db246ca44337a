#include "engine/command_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/limits.h"
#include "engine/durations.h"
#include "engine/new_run.h"
#include "engine/retry.h"

namespace perdure::engine {

namespace {

using Cause = enums::WorkflowTaskFailedCause;

constexpr const char* kReservedQueuePrefix = "/_sys/";
constexpr std::size_t kFairnessKeyLength = 64;

TaskFailure failed(Cause cause, std::string reason) { return {cause, std::move(reason), false}; }
TaskFailure terminated(Cause cause, std::string reason) { return {cause, std::move(reason), true}; }

using Activity = command::ScheduleActivityTaskCommandAttributes;

std::optional<std::string> check_durations(Activity* activity) {
  if (const char* why = validate_and_cap(activity->mutable_schedule_to_close_timeout())) {
    return fmt::format("invalid ScheduleToCloseTimeout: {}", why);
  }
  if (const char* why = validate_and_cap(activity->mutable_schedule_to_start_timeout())) {
    return fmt::format("invalid ScheduleToStartTimeout: {}", why);
  }
  if (const char* why = validate_and_cap(activity->mutable_start_to_close_timeout())) {
    return fmt::format("invalid StartToCloseTimeout: {}", why);
  }
  if (const char* why = validate_and_cap(activity->mutable_heartbeat_timeout())) {
    return fmt::format("invalid HeartbeatTimeout: {}", why);
  }
  return std::nullopt;
}

// Deduces the timeouts that are not set; none exceeds the run timeout (0: there is none).
std::optional<std::string> fill_timeouts(Activity* activity, std::int64_t run_timeout) {
  if (auto why = check_durations(activity)) {
    return why;
  }
  std::int64_t schedule_to_close = nanos(activity->schedule_to_close_timeout());
  std::int64_t schedule_to_start = nanos(activity->schedule_to_start_timeout());
  std::int64_t start_to_close = nanos(activity->start_to_close_timeout());
  std::int64_t heartbeat = nanos(activity->heartbeat_timeout());
  if (schedule_to_close > 0) {
    schedule_to_start =
        schedule_to_start > 0 ? std::min(schedule_to_start, schedule_to_close) : schedule_to_close;
    start_to_close = start_to_close > 0 ? std::min(start_to_close, schedule_to_close) : schedule_to_close;
  } else if (start_to_close > 0) {
    schedule_to_close = run_timeout;
    schedule_to_start = schedule_to_start > 0 ? schedule_to_start : run_timeout;
  } else {
    return fmt::format(
        "a valid StartToCloseTimeout or ScheduleToCloseTimeout must be set on the activity. ActivityId={} "
        "ActivityType={}",
        activity->activity_id(), activity->activity_type().name());
  }
  if (run_timeout > 0) {
    schedule_to_close = std::min(schedule_to_close, run_timeout);
    schedule_to_start = std::min(schedule_to_start, run_timeout);
    start_to_close = std::min(start_to_close, run_timeout);
    heartbeat = std::min(heartbeat, run_timeout);
  }
  set_nanos(activity->mutable_schedule_to_close_timeout(), schedule_to_close);
  set_nanos(activity->mutable_schedule_to_start_timeout(), schedule_to_start);
  set_nanos(activity->mutable_start_to_close_timeout(), start_to_close);
  set_nanos(activity->mutable_heartbeat_timeout(), std::min(heartbeat, start_to_close));
  return std::nullopt;
}

std::optional<std::string> check_activity_attributes(const Execution& run, Activity* activity) {
  const std::int64_t run_timeout = run.info().run_timeout();
  if (!activity->has_task_queue()) {
    return "taskQueue is not set";
  }
  if (auto why = check_task_queue(activity->mutable_task_queue(), "")) {
    return why;
  }
  if (activity->activity_id().empty()) {
    return "activityId is not set";
  }
  if (activity->activity_type().name().empty()) {
    return "activityType is not set";
  }
  fill_retry_defaults(activity->mutable_retry_policy());
  if (auto why = validate_retry_policy(activity->mutable_retry_policy())) {
    return why;
  }
  if (activity->activity_id().size() > limits::kIdLength) {
    return fmt::format("activityId exceeds length limit. Length={} Limit={}", activity->activity_id().size(),
                       limits::kIdLength);
  }
  if (activity->activity_type().name().size() > limits::kIdLength) {
    return fmt::format("activityType exceeds length limit. Length={} Limit={}",
                       activity->activity_type().name().size(), limits::kIdLength);
  }
  if (auto why = check_priority(activity->priority())) {
    return why;
  }
  return fill_timeouts(activity, run_timeout);
}

std::optional<std::string> check_timer_id(const std::string& timer_id, const char* command) {
  if (timer_id.empty()) {
    return fmt::format("TimerId is not set on {}.", command);
  }
  if (timer_id.size() > limits::kIdLength) {
    return fmt::format("TimerId on {} exceeds length limit. TimerId={} Length={} Limit={}", command, timer_id,
                       timer_id.size(), limits::kIdLength);
  }
  return std::nullopt;
}

// Keys and data, as Temporal counts what an upsert adds.
template <class Map>
std::size_t payload_map_bytes(const Map& fields) {
  std::size_t bytes = 0;
  for (const auto& [key, payload] : fields) {  // a sum: the order does not matter
    bytes += key.size() + payload.data().size();
  }
  return bytes;
}

using ContinueAsNew = command::ContinueAsNewWorkflowExecutionCommandAttributes;

std::optional<std::string> check_continue_as_new_attributes(const state::ExecutionState& info,
                                                            ContinueAsNew* next) {
  if (next->workflow_type().name().empty()) {
    next->mutable_workflow_type()->set_name(info.workflow_type());
  }
  const std::string& type = next->workflow_type().name();
  if (type.size() > limits::kIdLength) {
    return fmt::format(
        "WorkflowType on ContinueAsNewWorkflowExecutionCommand exceeds length limit. WorkflowType={} "
        "Length={} "
        "Limit={}",
        type, type.size(), limits::kIdLength);
  }
  if (auto why = check_task_queue(next->mutable_task_queue(), info.task_queue())) {
    return fmt::format(
        "error validating ContinueAsNewWorkflowExecutionCommand TaskQueue: {}. WorkflowType={} "
        "TaskQueue={}",
        *why, type, next->task_queue().name());
  }
  auto invalid = [&](const char* field, const std::string& why) {
    return fmt::format(
        "Invalid {} on ContinueAsNewWorkflowExecutionCommand: {}. WorkflowType={} TaskQueue={}", field, why,
        type, next->task_queue().name());
  };
  if (const char* why = validate_and_cap(next->mutable_workflow_run_timeout())) {
    return invalid("WorkflowRunTimeout", why);
  }
  if (const char* why = validate_and_cap(next->mutable_workflow_task_timeout())) {
    return invalid("WorkflowTaskTimeout", why);
  }
  if (next->has_backoff_start_interval()) {
    if (const char* why = validate_and_cap(next->mutable_backoff_start_interval())) {
      return invalid("BackoffStartInterval", why);
    }
  }
  const std::int64_t asked_run = nanos(next->workflow_run_timeout());
  const std::int64_t asked_task = nanos(next->workflow_task_timeout());
  const std::int64_t run_timeout =
      bounded_run_timeout(asked_run == 0 ? info.run_timeout() : asked_run, info.execution_timeout());
  set_nanos(next->mutable_workflow_run_timeout(), run_timeout);
  set_nanos(next->mutable_workflow_task_timeout(),
            bounded_task_timeout(asked_task == 0 ? info.workflow_task_timeout() : asked_task, run_timeout));
  if (next->has_retry_policy()) {
    fill_retry_defaults(next->mutable_retry_policy());
    if (auto why = validate_retry_policy(next->mutable_retry_policy())) {
      return fmt::format(
          "invalid WorkflowRetryPolicy on ContinueAsNewWorkflowExecutionCommand: {}. WorkflowType={} "
          "TaskQueue={}",
          *why, type, next->task_queue().name());
    }
  }
  return std::nullopt;
}

bool closes_run(enums::CommandType type) {
  return type == enums::COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION ||
         type == enums::COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION ||
         type == enums::COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION ||
         type == enums::COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION;
}

}  // namespace

std::optional<std::string> check_task_queue(taskqueue::TaskQueue* queue, const std::string& default_name) {
  if (queue->kind() == enums::TASK_QUEUE_KIND_UNSPECIFIED) {
    queue->set_kind(enums::TASK_QUEUE_KIND_NORMAL);
  }
  if (queue->name().empty()) {
    if (default_name.empty()) {
      return "missing task queue name";
    }
    queue->set_name(default_name);
  }
  if (queue->name().size() > limits::kIdLength) {
    return "taskQueue length exceeds limit";
  }
  if (queue->name().starts_with(kReservedQueuePrefix)) {
    return fmt::format("task queue name cannot start with reserved prefix {}", kReservedQueuePrefix);
  }
  return std::nullopt;
}

std::optional<std::string> check_priority(const common::Priority& priority) {
  if (priority.priority_key() < 0) {
    return "invalid priorities: priority key can't be negative";
  }
  if (priority.fairness_key().size() > kFairnessKeyLength) {
    return "invalid priorities: fairness key length exceeds limit";
  }
  if (priority.fairness_weight() < 0) {
    return "invalid priorities: must be greater than zero";
  }
  return std::nullopt;
}

std::string TaskFailure::message() const {
  return reason.empty() ? short_name(cause) : short_name(cause) + ": " + reason;
}

Status check_command_sequence(const wire::RespondWorkflowTaskCompletedRequest& request) {
  enums::CommandType closing = enums::COMMAND_TYPE_UNSPECIFIED;
  for (const command::Command& command : request.commands()) {
    if (closing != enums::COMMAND_TYPE_UNSPECIFIED) {
      std::vector<std::string> types;
      for (const command::Command& each : request.commands()) {
        types.push_back(short_name(each.command_type()));
      }
      return invalid_argument(
          fmt::format("invalid command sequence: [{}], command {} must be the last command.",
                      fmt::join(types, ", "), short_name(closing)));
    }
    if (command.command_type() == enums::COMMAND_TYPE_UNSPECIFIED ||
        !enums::CommandType_IsValid(command.command_type())) {
      return invalid_argument(fmt::format("unknown command type: {}", short_name(command.command_type())));
    }
    if (closes_run(command.command_type())) {
      closing = command.command_type();
    }
  }
  return {};
}

std::optional<TaskFailure> check_schedule_activity(const Execution& run, Activity* attributes) {
  constexpr Cause kCause = enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_SCHEDULE_ACTIVITY_ATTRIBUTES;
  if (auto why = check_activity_attributes(run, attributes)) {
    return failed(kCause, *why);
  }
  if (attributes->input().ByteSizeLong() > limits::kBlobError) {
    return terminated(kCause, "ScheduleActivityTaskCommandAttributes.Input exceeds size limit.");
  }
  if (run.activity_count() >= limits::kPendingActivities) {
    return failed(
        enums::WORKFLOW_TASK_FAILED_CAUSE_PENDING_ACTIVITIES_LIMIT_EXCEEDED,
        fmt::format("the number of pending activities, {}, has reached the per-workflow limit of {}",
                    run.activity_count(), limits::kPendingActivities));
  }
  if (run.find_activity(attributes->activity_id()) != 0) {
    return failed(enums::WORKFLOW_TASK_FAILED_CAUSE_SCHEDULE_ACTIVITY_DUPLICATE_ID,
                  fmt::format("invalid history builder state for action: add-activitytask-scheduled-event, "
                              "ActivityID: {}",
                              attributes->activity_id()));
  }
  return std::nullopt;
}

std::optional<TaskFailure> check_request_cancel_activity(const command::Command& command) {
  constexpr Cause kCause = enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_REQUEST_CANCEL_ACTIVITY_ATTRIBUTES;
  if (!command.has_request_cancel_activity_task_command_attributes()) {
    return failed(
        kCause, "RequestCancelActivityTaskCommandAttributes is not set on RequestCancelActivityTaskCommand.");
  }
  if (command.request_cancel_activity_task_command_attributes().scheduled_event_id() <= 0) {
    return failed(kCause, "ScheduledEventId is not set on RequestCancelActivityTaskCommand.");
  }
  return std::nullopt;
}

std::optional<TaskFailure> check_start_timer(command::StartTimerCommandAttributes* attributes) {
  constexpr Cause kCause = enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_START_TIMER_ATTRIBUTES;
  if (auto why = check_timer_id(attributes->timer_id(), "StartTimerCommand")) {
    return failed(kCause, *why);
  }
  const bool given = attributes->has_start_to_fire_timeout();  // a timer without one fires at once
  if (const char* why = given ? validate_and_cap(attributes->mutable_start_to_fire_timeout()) : nullptr) {
    return failed(
        kCause, fmt::format("An invalid StartToFireTimeout is set on StartTimerCommand: {}. TimerId={}", why,
                            attributes->timer_id()));
  }
  return std::nullopt;
}

std::optional<TaskFailure> check_cancel_timer(const command::CancelTimerCommandAttributes& attributes) {
  if (auto why = check_timer_id(attributes.timer_id(), "CancelTimerCommand")) {
    return failed(enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_CANCEL_TIMER_ATTRIBUTES, *why);
  }
  return std::nullopt;
}

std::optional<TaskFailure> check_record_marker(const command::RecordMarkerCommandAttributes& attributes) {
  constexpr Cause kCause = enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_RECORD_MARKER_ATTRIBUTES;
  const std::string& name = attributes.marker_name();
  if (name.empty()) {
    return failed(kCause, "MarkerName is not set on RecordMarkerCommand.");
  }
  if (name.size() > limits::kIdLength) {
    return failed(
        kCause,
        fmt::format(
            "MarkerName on RecordMarkerCommand exceeds length limit. MarkerName={} Length={} Limit={}", name,
            name.size(), limits::kIdLength));
  }
  std::size_t bytes = 0;
  for (const auto& [key, payloads] : attributes.details()) {  // a sum: the order does not matter
    bytes += key.size() + payloads.ByteSizeLong();
  }
  if (bytes > limits::kBlobError) {
    return terminated(kCause, "RecordMarkerCommandAttributes.Details exceeds size limit.");
  }
  return std::nullopt;
}

std::optional<TaskFailure> check_upsert_search_attributes(
    const command::UpsertWorkflowSearchAttributesCommandAttributes& attributes) {
  constexpr Cause kCause = enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_SEARCH_ATTRIBUTES;
  if (!attributes.has_search_attributes()) {
    return failed(kCause, "SearchAttributes is not set on UpsertWorkflowSearchAttributesCommand.");
  }
  if (attributes.search_attributes().indexed_fields().empty()) {
    return failed(kCause, "IndexedFields is not set on UpsertWorkflowSearchAttributesCommand.");
  }
  if (payload_map_bytes(attributes.search_attributes().indexed_fields()) > limits::kBlobError) {
    return terminated(kCause, "UpsertWorkflowSearchAttributesCommandAttributes exceeds size limit.");
  }
  return std::nullopt;
}

std::optional<TaskFailure> check_modify_properties(
    const Execution& run, const command::ModifyWorkflowPropertiesCommandAttributes& attributes) {
  constexpr Cause kCause = enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_MODIFY_WORKFLOW_PROPERTIES_ATTRIBUTES;
  if (!attributes.has_upserted_memo()) {
    return failed(kCause, "UpsertedMemo is not set on ModifyWorkflowPropertiesCommand.");
  }
  if (attributes.upserted_memo().fields().empty()) {
    return failed(kCause, "UpsertedMemo.Fields is not set on ModifyWorkflowPropertiesCommand.");
  }
  if (payload_map_bytes(attributes.upserted_memo().fields()) > limits::kBlobError) {
    return terminated(kCause, "ModifyWorkflowPropertiesCommandAttributes exceeds size limit.");
  }
  if (run.info().memo().ByteSizeLong() + attributes.upserted_memo().ByteSizeLong() > limits::kMemoError) {
    return terminated(kCause, "ModifyWorkflowPropertiesCommandAttributes. Memo exceeds size limit.");
  }
  return std::nullopt;
}

std::optional<TaskFailure> check_complete_run(const command::Command& command) {
  if (!command.has_complete_workflow_execution_command_attributes()) {
    return failed(
        enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_COMPLETE_WORKFLOW_EXECUTION_ATTRIBUTES,
        "CompleteWorkflowExecutionCommandAttributes is not set on CompleteWorkflowExecutionCommand.");
  }
  if (command.complete_workflow_execution_command_attributes().result().ByteSizeLong() > limits::kBlobError) {
    // This very cause, as Temporal.
    return terminated(enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_SCHEDULE_ACTIVITY_ATTRIBUTES,
                      "CompleteWorkflowExecutionCommandAttributes.Result exceeds size limit.");
  }
  return std::nullopt;
}

std::optional<TaskFailure> check_fail_run(const command::Command& command) {
  constexpr Cause kCause = enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_FAIL_WORKFLOW_EXECUTION_ATTRIBUTES;
  if (!command.has_fail_workflow_execution_command_attributes()) {
    return failed(kCause,
                  "FailWorkflowExecutionCommandAttributes is not set on FailWorkflowExecutionCommand.");
  }
  const auto& attributes = command.fail_workflow_execution_command_attributes();
  if (!attributes.has_failure()) {
    return failed(kCause, "Failure is not set on FailWorkflowExecutionCommand.");
  }
  if (attributes.failure().ByteSizeLong() > limits::kBlobError) {
    return terminated(kCause, "FailWorkflowExecutionCommandAttributes.Failure exceeds size limit.");
  }
  return std::nullopt;
}

std::optional<TaskFailure> check_cancel_run(const command::Command& command) {
  if (!command.has_cancel_workflow_execution_command_attributes()) {
    return failed(enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_CANCEL_WORKFLOW_EXECUTION_ATTRIBUTES,
                  "CancelWorkflowExecutionCommandAttributes is not set on CancelWorkflowExecutionCommand.");
  }
  return std::nullopt;
}

std::optional<TaskFailure> check_continue_as_new(const Execution& run, ContinueAsNew* attributes) {
  constexpr Cause kCause = enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_CONTINUE_AS_NEW_ATTRIBUTES;
  if (auto why = check_continue_as_new_attributes(run.info(), attributes)) {
    return failed(kCause, *why);
  }
  if (attributes->input().ByteSizeLong() > limits::kBlobError) {
    return terminated(kCause, "ContinueAsNewWorkflowExecutionCommandAttributes. Input exceeds size limit.");
  }
  if (attributes->memo().ByteSizeLong() > limits::kMemoError) {
    return terminated(kCause, "ContinueAsNewWorkflowExecutionCommandAttributes. Memo exceeds size limit.");
  }
  return std::nullopt;
}

}  // namespace perdure::engine
