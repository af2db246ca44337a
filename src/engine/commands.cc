#include "engine/commands.h"

#include <fmt/format.h>

#include <utility>

#include "base/planted.h"
#include "base/uuid.h"
#include "engine/close.h"
#include "engine/failures.h"
#include "engine/history.h"
#include "engine/machines/activity.h"
#include "engine/machines/child.h"
#include "engine/machines/external.h"
#include "engine/machines/timer.h"
#include "engine/machines/update.h"
#include "engine/retry.h"
#include "engine/successor.h"

namespace perdure::engine {

history::HistoryEvent command_event(const CommandTurn& turn, const command::Command& command,
                                    enums::EventType type) {
  history::HistoryEvent event = make_event(type, turn.step.now());
  if (command.has_user_metadata()) {
    *event.mutable_user_metadata() = command.user_metadata();
  }
  *event.mutable_event_group_markers() = command.event_group_markers();
  return event;
}

TaskFailure attributes_missing(enums::WorkflowTaskFailedCause cause, const char* command) {
  return {cause, fmt::format("{0}Attributes is not set on {0}.", command)};
}

std::optional<TaskFailure> check_own_namespace(const Execution& run, enums::WorkflowTaskFailedCause cause,
                                               const std::string& given) {
  if (given.empty() || given == run.key().namespace_name.value) {
    return std::nullopt;
  }
  return TaskFailure{cause, "cross namespace commands are not allowed"};
}

bool is_null_payload(const common::Payload& payload) {
  const auto encoding = payload.metadata().find("encoding");
  return payload.data().empty() && encoding != payload.metadata().end() && encoding->second == "binary/null";
}

namespace {

using Failed = std::optional<TaskFailure>;
using Cause = enums::WorkflowTaskFailedCause;

// The one that was appended just now. Good until the next one is.
const history::HistoryEvent& last_event(Execution& run) { return *run.new_events().events().rbegin(); }

TaskFailure invalid_state(Cause cause, const char* action, const std::string& what) {
  return {cause, fmt::format("invalid history builder state for action: {}, {}", action, what)};
}

Failed schedule_activity(CommandTurn& turn, const command::Command& command) {
  if (!command.has_schedule_activity_task_command_attributes()) {
    return attributes_missing(enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_SCHEDULE_ACTIVITY_ATTRIBUTES,
                              "ScheduleActivityTaskCommand");
  }
  auto asked = command.schedule_activity_task_command_attributes();
  if (Failed failure = check_schedule_activity(turn.step.run, &asked)) {
    return failure;
  }
  history::HistoryEvent event = command_event(turn, command, enums::EVENT_TYPE_ACTIVITY_TASK_SCHEDULED);
  auto* scheduled = event.mutable_activity_task_scheduled_event_attributes();
  scheduled->set_workflow_task_completed_event_id(turn.completed_event_id);
  scheduled->set_activity_id(asked.activity_id());
  scheduled->mutable_activity_type()->Swap(asked.mutable_activity_type());
  scheduled->mutable_task_queue()->Swap(asked.mutable_task_queue());
  if (asked.has_header()) {
    scheduled->mutable_header()->Swap(asked.mutable_header());
  }
  if (asked.has_input()) {
    scheduled->mutable_input()->Swap(asked.mutable_input());
  }
  *scheduled->mutable_schedule_to_close_timeout() = asked.schedule_to_close_timeout();
  *scheduled->mutable_schedule_to_start_timeout() = asked.schedule_to_start_timeout();
  *scheduled->mutable_start_to_close_timeout() = asked.start_to_close_timeout();
  *scheduled->mutable_heartbeat_timeout() = asked.heartbeat_timeout();
  scheduled->mutable_retry_policy()->Swap(asked.mutable_retry_policy());
  scheduled->set_use_workflow_build_id(asked.use_workflow_build_id());
  if (asked.has_priority()) {
    *scheduled->mutable_priority() = asked.priority();
  }
  const std::int64_t id = append_event(turn.step.run, std::move(event));
  add_activity(turn.step, id, last_event(turn.step.run).activity_task_scheduled_event_attributes());
  if (asked.request_eager_execution()) {
    turn.eager_activities.push_back(id);
  }
  return std::nullopt;
}

Failed request_cancel_activity(CommandTurn& turn, const command::Command& command) {
  constexpr Cause kCause = enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_REQUEST_CANCEL_ACTIVITY_ATTRIBUTES;
  if (Failed failure = check_request_cancel_activity(command)) {
    return failure;
  }
  Execution& run = turn.step.run;
  const std::int64_t id = command.request_cancel_activity_task_command_attributes().scheduled_event_id();
  const state::ActivityState* activity = run.activity(id);
  // An activity that closed while the worker was thinking may still be cancelled; that changes nothing.
  const bool valid =
      activity != nullptr ? activity->cancel_requested_event_id() == 0 : has_activity_close_event(run, id);
  if (!valid) {
    return invalid_state(kCause, "add-activitytask-cancel-requested-event",
                         fmt::format("ScheduledEventID: {}", id));
  }
  history::HistoryEvent event =
      command_event(turn, command, enums::EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED);
  auto* attributes = event.mutable_activity_task_cancel_requested_event_attributes();
  attributes->set_scheduled_event_id(id);
  attributes->set_workflow_task_completed_event_id(turn.completed_event_id);
  const std::int64_t cancel_event_id = append_event(run, std::move(event));
  if (activity == nullptr) {
    return std::nullopt;
  }
  state::ActivityState& changed = run.change_activity(id);
  changed.set_cancel_requested_event_id(cancel_event_id);
  if (changed.phase() != state::ActivityState::PHASE_STARTED) {
    const common::Payloads details = text_payloads("ACTIVITY_ID_NOT_STARTED");
    close_activity_canceled(turn.step, id, &details, turn.identity);
    turn.needs_workflow_task = true;
  }
  return std::nullopt;
}

Failed start_timer(CommandTurn& turn, const command::Command& command) {
  if (!command.has_start_timer_command_attributes()) {
    return attributes_missing(enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_START_TIMER_ATTRIBUTES,
                              "StartTimerCommand");
  }
  auto asked = command.start_timer_command_attributes();
  if (Failed failure = check_start_timer(&asked)) {
    return failure;
  }
  if (turn.step.run.find_timer(asked.timer_id()) != 0) {
    return invalid_state(enums::WORKFLOW_TASK_FAILED_CAUSE_START_TIMER_DUPLICATE_ID,
                         "add-timer-started-event", "TimerID: " + asked.timer_id());
  }
  history::HistoryEvent event = command_event(turn, command, enums::EVENT_TYPE_TIMER_STARTED);
  auto* started = event.mutable_timer_started_event_attributes();
  started->set_timer_id(asked.timer_id());
  if (asked.has_start_to_fire_timeout()) {
    *started->mutable_start_to_fire_timeout() = asked.start_to_fire_timeout();
  }
  started->set_workflow_task_completed_event_id(turn.completed_event_id);
  const std::int64_t id = append_event(turn.step.run, std::move(event));
  add_timer(turn.step, id, last_event(turn.step.run).timer_started_event_attributes());
  return std::nullopt;
}

Failed cancel_timer(CommandTurn& turn, const command::Command& command) {
  constexpr Cause kCause = enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_CANCEL_TIMER_ATTRIBUTES;
  if (!command.has_cancel_timer_command_attributes()) {
    return attributes_missing(kCause, "CancelTimerCommand");
  }
  const auto& asked = command.cancel_timer_command_attributes();
  if (Failed failure = check_cancel_timer(asked)) {
    return failure;
  }
  Execution& run = turn.step.run;
  std::int64_t started_event_id = run.find_timer(asked.timer_id());
  if (started_event_id != 0) {
    run.remove({ItemKind::kTimer, started_event_id});
  } else {
    // It fired while the worker was thinking, and nobody has seen that: then it did not fire.
    started_event_id = take_back_timer_fired(run, asked.timer_id());
  }
  if (started_event_id == 0) {
    return invalid_state(kCause, "add-timer-canceled-event", "TimerID: " + asked.timer_id());
  }
  history::HistoryEvent event = command_event(turn, command, enums::EVENT_TYPE_TIMER_CANCELED);
  auto* attributes = event.mutable_timer_canceled_event_attributes();
  attributes->set_timer_id(asked.timer_id());
  attributes->set_started_event_id(started_event_id);
  attributes->set_workflow_task_completed_event_id(turn.completed_event_id);
  attributes->set_identity(turn.identity);
  append_event(run, std::move(event));
  turn.has_unseen_events = turn.has_unseen_events && has_buffered_events(run);
  return std::nullopt;
}

Failed record_marker(CommandTurn& turn, const command::Command& command) {
  if (!command.has_record_marker_command_attributes()) {
    return attributes_missing(enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_RECORD_MARKER_ATTRIBUTES,
                              "RecordMarkerCommand");
  }
  const auto& asked = command.record_marker_command_attributes();
  if (Failed failure = check_record_marker(asked)) {
    return failure;
  }
  history::HistoryEvent event = command_event(turn, command, enums::EVENT_TYPE_MARKER_RECORDED);
  auto* attributes = event.mutable_marker_recorded_event_attributes();
  attributes->set_marker_name(asked.marker_name());
  *attributes->mutable_details() = asked.details();
  attributes->set_workflow_task_completed_event_id(turn.completed_event_id);
  if (asked.has_header()) {
    *attributes->mutable_header() = asked.header();
  }
  if (asked.has_failure()) {
    *attributes->mutable_failure() = asked.failure();
  }
  append_event(turn.step.run, std::move(event));
  return std::nullopt;
}

Failed upsert_search_attributes(CommandTurn& turn, const command::Command& command) {
  if (!command.has_upsert_workflow_search_attributes_command_attributes()) {
    return attributes_missing(enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_SEARCH_ATTRIBUTES,
                              "UpsertWorkflowSearchAttributesCommand");
  }
  const auto& asked = command.upsert_workflow_search_attributes_command_attributes();
  if (Failed failure = check_upsert_search_attributes(asked)) {
    return failure;
  }
  history::HistoryEvent event =
      command_event(turn, command, enums::EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES);
  auto* attributes = event.mutable_upsert_workflow_search_attributes_event_attributes();
  attributes->set_workflow_task_completed_event_id(turn.completed_event_id);
  *attributes->mutable_search_attributes() = asked.search_attributes();
  append_event(turn.step.run, std::move(event));
  merge_payloads(asked.search_attributes().indexed_fields(),
                 turn.step.run.info().mutable_search_attributes()->mutable_indexed_fields());
  return std::nullopt;
}

Failed modify_properties(CommandTurn& turn, const command::Command& command) {
  if (!command.has_modify_workflow_properties_command_attributes()) {
    return attributes_missing(enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_MODIFY_WORKFLOW_PROPERTIES_ATTRIBUTES,
                              "ModifyWorkflowPropertiesCommand");
  }
  const auto& asked = command.modify_workflow_properties_command_attributes();
  if (Failed failure = check_modify_properties(turn.step.run, asked)) {
    return failure;
  }
  history::HistoryEvent event = command_event(turn, command, enums::EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED);
  auto* attributes = event.mutable_workflow_properties_modified_event_attributes();
  attributes->set_workflow_task_completed_event_id(turn.completed_event_id);
  *attributes->mutable_upserted_memo() = asked.upserted_memo();
  append_event(turn.step.run, std::move(event));
  merge_payloads(asked.upserted_memo().fields(), turn.step.run.info().mutable_memo()->mutable_fields());
  return std::nullopt;
}

// A run does not close over events that its code has not seen.
Failed refuse_unseen_events(const CommandTurn& turn) {
  if (turn.has_unseen_events && !planted(PlantedBug::kBufferedSignalDroppedAtClose)) {
    return TaskFailure{enums::WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND, ""};
  }
  return std::nullopt;
}

Failed complete_run(CommandTurn& turn, const command::Command& command) {
  if (Failed failure = refuse_unseen_events(turn)) {
    return failure;
  }
  if (Failed failure = check_complete_run(command)) {
    return failure;
  }
  const auto& asked = command.complete_workflow_execution_command_attributes();
  history::HistoryEvent event = command_event(turn, command, enums::EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED);
  auto* attributes = event.mutable_workflow_execution_completed_event_attributes();
  attributes->set_workflow_task_completed_event_id(turn.completed_event_id);
  if (asked.has_result()) {
    *attributes->mutable_result() = asked.result();
  }
  std::string successor;
  if (const auto backoff = cron_backoff_of(turn.step)) {
    successor = uuid7(*turn.step.context.random, turn.step.now());
    turn.successor =
        cron_run(turn.step, successor, asked.has_result() ? &asked.result() : nullptr, nullptr, *backoff);
  }
  attributes->set_new_execution_run_id(successor);
  close_run(turn.step, std::move(event), enums::WORKFLOW_EXECUTION_STATUS_COMPLETED, successor);
  return std::nullopt;
}

RetryDecision retry_of_run(const CommandTurn& turn, const failure::Failure& why) {
  const state::ExecutionState& info = turn.step.run.info();
  if (!info.has_retry_policy()) {
    return {enums::RETRY_STATE_RETRY_POLICY_NOT_SET};
  }
  std::optional<Timestamp> expiration;
  if (info.execution_expiration() != 0) {
    expiration = Timestamp{info.execution_expiration()};
  }
  return next_retry(why, info.retry_policy(), info.attempt(), turn.step.now(), expiration, false);
}

Failed fail_run(CommandTurn& turn, const command::Command& command) {
  if (Failed failure = refuse_unseen_events(turn)) {
    return failure;
  }
  if (Failed failure = check_fail_run(command)) {
    return failure;
  }
  const failure::Failure& why = command.fail_workflow_execution_command_attributes().failure();
  const RetryDecision retry = retry_of_run(turn, why);
  std::string successor;
  if (retry.state == enums::RETRY_STATE_IN_PROGRESS) {
    successor = uuid7(*turn.step.context.random, turn.step.now());
    turn.successor = retried_run(turn.step, successor, why, retry.backoff);
  } else if (const auto backoff = cron_backoff_of(turn.step)) {
    successor = uuid7(*turn.step.context.random, turn.step.now());
    turn.successor = cron_run(turn.step, successor, nullptr, &why, *backoff);
  }
  history::HistoryEvent event = command_event(turn, command, enums::EVENT_TYPE_WORKFLOW_EXECUTION_FAILED);
  auto* attributes = event.mutable_workflow_execution_failed_event_attributes();
  attributes->set_workflow_task_completed_event_id(turn.completed_event_id);
  *attributes->mutable_failure() = why;
  attributes->set_retry_state(retry.state);
  attributes->set_new_execution_run_id(successor);
  close_run(turn.step, std::move(event), enums::WORKFLOW_EXECUTION_STATUS_FAILED, successor);
  return std::nullopt;
}

Failed cancel_run(CommandTurn& turn, const command::Command& command) {
  if (Failed failure = refuse_unseen_events(turn)) {
    return failure;
  }
  if (Failed failure = check_cancel_run(command)) {
    return failure;
  }
  const auto& asked = command.cancel_workflow_execution_command_attributes();
  history::HistoryEvent event = command_event(turn, command, enums::EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED);
  auto* attributes = event.mutable_workflow_execution_canceled_event_attributes();
  attributes->set_workflow_task_completed_event_id(turn.completed_event_id);
  if (asked.has_details()) {
    *attributes->mutable_details() = asked.details();
  }
  close_run(turn.step, std::move(event), enums::WORKFLOW_EXECUTION_STATUS_CANCELED);
  return std::nullopt;
}

using ContinueAsNew = command::ContinueAsNewWorkflowExecutionCommandAttributes;

void fill_continued_as_new(const ContinueAsNew& asked,
                           history::WorkflowExecutionContinuedAsNewEventAttributes* event) {
  *event->mutable_workflow_type() = asked.workflow_type();
  *event->mutable_task_queue() = asked.task_queue();
  if (asked.has_header()) {
    *event->mutable_header() = asked.header();
  }
  if (asked.has_input()) {
    *event->mutable_input() = asked.input();
  }
  *event->mutable_workflow_run_timeout() = asked.workflow_run_timeout();
  *event->mutable_workflow_task_timeout() = asked.workflow_task_timeout();
  if (asked.has_backoff_start_interval()) {
    *event->mutable_backoff_start_interval() = asked.backoff_start_interval();
  }
  event->set_initiator(asked.initiator());
  if (asked.has_failure()) {
    *event->mutable_failure() = asked.failure();
  }
  if (asked.has_last_completion_result()) {
    *event->mutable_last_completion_result() = asked.last_completion_result();
  }
  if (asked.has_memo()) {
    *event->mutable_memo() = asked.memo();
  }
  if (asked.has_search_attributes()) {
    *event->mutable_search_attributes() = asked.search_attributes();
  }
  event->set_inherit_build_id(asked.inherit_build_id());
}

Failed continue_as_new(CommandTurn& turn, const command::Command& command) {
  if (Failed failure = refuse_unseen_events(turn)) {
    return failure;
  }
  if (!command.has_continue_as_new_workflow_execution_command_attributes()) {
    return attributes_missing(enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_CONTINUE_AS_NEW_ATTRIBUTES,
                              "ContinueAsNewWorkflowExecutionCommand");
  }
  ContinueAsNew asked = command.continue_as_new_workflow_execution_command_attributes();
  if (Failed failure = check_continue_as_new(turn.step.run, &asked)) {
    return failure;
  }
  const std::string successor = uuid7(*turn.step.context.random, turn.step.now());
  turn.successor = continued_run(turn.step, successor, asked);
  history::HistoryEvent event =
      command_event(turn, command, enums::EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW);
  auto* attributes = event.mutable_workflow_execution_continued_as_new_event_attributes();
  attributes->set_workflow_task_completed_event_id(turn.completed_event_id);
  attributes->set_new_execution_run_id(successor);
  fill_continued_as_new(asked, attributes);
  close_run(turn.step, std::move(event), enums::WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW, successor);
  return std::nullopt;
}

Cause cause_of_unsupported(enums::CommandType type) {
  switch (type) {
    case enums::COMMAND_TYPE_SCHEDULE_NEXUS_OPERATION:
      return enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_SCHEDULE_NEXUS_OPERATION_ATTRIBUTES;
    case enums::COMMAND_TYPE_REQUEST_CANCEL_NEXUS_OPERATION:
      return enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_REQUEST_CANCEL_NEXUS_OPERATION_ATTRIBUTES;
    default:
      return enums::WORKFLOW_TASK_FAILED_CAUSE_FEATURE_DISABLED;
  }
}

Failed carry_out(CommandTurn& turn, const command::Command& command) {
  switch (command.command_type()) {
    case enums::COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK:
      return schedule_activity(turn, command);
    case enums::COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK:
      return request_cancel_activity(turn, command);
    case enums::COMMAND_TYPE_START_TIMER:
      return start_timer(turn, command);
    case enums::COMMAND_TYPE_CANCEL_TIMER:
      return cancel_timer(turn, command);
    case enums::COMMAND_TYPE_RECORD_MARKER:
      return record_marker(turn, command);
    case enums::COMMAND_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
      return upsert_search_attributes(turn, command);
    case enums::COMMAND_TYPE_MODIFY_WORKFLOW_PROPERTIES:
      return modify_properties(turn, command);
    case enums::COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION:
      return complete_run(turn, command);
    case enums::COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION:
      return fail_run(turn, command);
    case enums::COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION:
      return cancel_run(turn, command);
    case enums::COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION:
      return continue_as_new(turn, command);
    case enums::COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION:
      return signal_external(turn, command);
    case enums::COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION:
      return request_cancel_external(turn, command);
    case enums::COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION:
      return start_child(turn, command);
    case enums::COMMAND_TYPE_PROTOCOL_MESSAGE:
      return carry_out_protocol_message(turn, command);
    default:
      return TaskFailure{cause_of_unsupported(command.command_type()),
                         fmt::format("the command {} is not supported by this version of Perdure",
                                     short_name(command.command_type()))};
  }
}

}  // namespace

std::optional<TaskFailure> carry_out_commands(CommandTurn& turn,
                                              const wire::RespondWorkflowTaskCompletedRequest& request) {
  turn.messages.assign(request.messages().pointer_begin(), request.messages().pointer_end());
  for (const command::Command& command : request.commands()) {
    if (Failed failure = carry_out(turn, command)) {
      return failure;
    }
  }
  return carry_out_remaining_messages(turn);
}

}  // namespace perdure::engine
