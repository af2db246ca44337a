#include "workflow/nondeterminism.h"

#include <fmt/format.h>

#include <string_view>

#include "workflow/markers.h"

namespace perdure::workflow_core {
namespace {

using namespace temporal::api::enums::v1;  // NOLINT: the wire's enumerators have their type in their name

// EVENT_TYPE_TIMER_STARTED → TimerStarted
std::string camel_case(std::string_view name, std::string_view prefix) {
  if (name.starts_with(prefix)) {
    name.remove_prefix(prefix.size());
  }
  std::string out;
  bool upper = true;
  for (const char c : name) {
    if (c == '_') {
      upper = true;
    } else {
      out += upper || c < 'A' || c > 'Z' ? c : static_cast<char>(c - 'A' + 'a');
      upper = false;
    }
  }
  return out;
}

std::string event_details(const HistoryEvent& event) {
  switch (event.event_type()) {
    case EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: {
      const auto& attributes = event.activity_task_scheduled_event_attributes();
      return fmt::format(" (activity id \"{}\", type \"{}\")", attributes.activity_id(),
                         attributes.activity_type().name());
    }
    case EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED:
      return fmt::format(" (of the activity scheduled by event {})",
                         event.activity_task_cancel_requested_event_attributes().scheduled_event_id());
    case EVENT_TYPE_TIMER_STARTED:
      return fmt::format(" (timer id \"{}\")", event.timer_started_event_attributes().timer_id());
    case EVENT_TYPE_TIMER_CANCELED:
      return fmt::format(" (timer id \"{}\")", event.timer_canceled_event_attributes().timer_id());
    case EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED: {
      const auto& attributes = event.start_child_workflow_execution_initiated_event_attributes();
      return fmt::format(" (workflow id \"{}\", type \"{}\")", attributes.workflow_id(),
                         attributes.workflow_type().name());
    }
    case EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED: {
      const auto& attributes = event.signal_external_workflow_execution_initiated_event_attributes();
      return fmt::format(" (signal \"{}\" to workflow id \"{}\")", attributes.signal_name(),
                         attributes.workflow_execution().workflow_id());
    }
    case EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED:
      return fmt::format(" (workflow id \"{}\")",
                         event.request_cancel_external_workflow_execution_initiated_event_attributes()
                             .workflow_execution()
                             .workflow_id());
    case EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED: {
      const auto& attributes = event.workflow_execution_update_accepted_event_attributes();
      return fmt::format(" (update \"{}\", id \"{}\")", attributes.accepted_request().input().name(),
                         attributes.protocol_instance_id());
    }
    case EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED:
      return fmt::format(" (update id \"{}\")",
                         event.workflow_execution_update_completed_event_attributes().meta().update_id());
    case EVENT_TYPE_MARKER_RECORDED:
      if (const auto patch = patch_marker(event)) {
        return fmt::format(" (patch \"{}\")", patch->id);
      }
      if (const auto side_effect = side_effect_marker(event)) {
        return fmt::format(" (side effect {})", side_effect->id);
      }
      if (const auto local = local_activity_marker(event)) {
        return fmt::format(" (local activity id \"{}\", type \"{}\")", local->activity_id,
                           local->activity_type);
      }
      return fmt::format(" (marker \"{}\")", event.marker_recorded_event_attributes().marker_name());
    default:
      return "";
  }
}

constexpr const char* kPrefix = "[TMPRL1100] Nondeterminism error: ";
constexpr const char* kAdvice =
    "The workflow's code no longer does what it did when this history was written: guard the change with "
    "workflow::patched(), bring the old code back, or reset the run to a workflow task before this event";

}  // namespace

bool is_command_event(const HistoryEvent& event) {
  switch (event.event_type()) {
    case EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
    case EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED:
    case EVENT_TYPE_TIMER_STARTED:
    case EVENT_TYPE_TIMER_CANCELED:
    case EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
    case EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
    case EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED:
    case EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
    case EVENT_TYPE_MARKER_RECORDED:
    case EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED:
    case EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED:
    case EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED:
    case EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
    case EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED:
    case EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
    case EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_REJECTED:
    case EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED:
    case EVENT_TYPE_NEXUS_OPERATION_SCHEDULED:
    case EVENT_TYPE_NEXUS_OPERATION_CANCEL_REQUESTED:
      return true;
    default:
      return false;
  }
}

CommandType command_of(const HistoryEvent& event) {
  switch (event.event_type()) {
    case EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
      return COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK;
    case EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED:
      return COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK;
    case EVENT_TYPE_TIMER_STARTED:
      return COMMAND_TYPE_START_TIMER;
    case EVENT_TYPE_TIMER_CANCELED:
      return COMMAND_TYPE_CANCEL_TIMER;
    case EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
      return COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION;
    case EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
      return COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION;
    case EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED:
      return COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION;
    case EVENT_TYPE_MARKER_RECORDED:
      return COMMAND_TYPE_RECORD_MARKER;
    case EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
      return COMMAND_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES;
    case EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED:
      return COMMAND_TYPE_MODIFY_WORKFLOW_PROPERTIES;
    case EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
      return COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION;
    case EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED:
      return COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION;
    case EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED:
      return COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION;
    case EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED:
      return COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION;
    case EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
    case EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED:
      return COMMAND_TYPE_PROTOCOL_MESSAGE;
    default:
      return COMMAND_TYPE_UNSPECIFIED;
  }
}

std::string describe_event(const HistoryEvent& event) {
  return fmt::format("event {}, {}{}", event.event_id(),
                     camel_case(EventType_Name(event.event_type()), "EVENT_TYPE_"), event_details(event));
}

namespace {

std::string place(const std::source_location& where) {
  const std::string_view path = where.file_name();
  return where.line() == 0 ? "" : fmt::format(" at {}:{}", path.substr(path.rfind('/') + 1), where.line());
}

}  // namespace

std::string describe_command(const OutgoingCommand& command) {
  std::string text = camel_case(CommandType_Name(command.type), "COMMAND_TYPE_");
  if (const std::string details = command.machine->describe(command.type); !details.empty()) {
    text += " (" + details + ")";
  }
  return text + place(command.where);
}

NondeterminismError unexpected_event(const HistoryEvent& event, const OutgoingCommand* produced,
                                     const std::string& difference) {
  std::string text = kPrefix + ("history has " + describe_event(event));
  text += produced == nullptr ? ", but the code did nothing that would write it"
                              : ", but the code produced " + describe_command(*produced);
  if (!difference.empty()) {
    text += ": " + difference;
  }
  return NondeterminismError(text);
}

NondeterminismError missing_event(const OutgoingCommand& command, const HistoryEvent& event) {
  return NondeterminismError(kPrefix + ("the code produced " + describe_command(command)) +
                             ", of which history has nothing before " + describe_event(event));
}

NondeterminismError waits_instead(const HistoryEvent& event, const LocalActivityMachine& machine) {
  return NondeterminismError(kPrefix + ("history has " + describe_event(event)) +
                             ", but the code started a " +
                             machine.describe(CommandType::COMMAND_TYPE_RECORD_MARKER) +
                             place(machine.where()) + ", which has no marker before it");
}

NondeterminismError different_local_activity(const LocalActivityMarker& marker,
                                             const LocalActivityMachine& machine,
                                             const std::string& difference) {
  return NondeterminismError(fmt::format(
      "{}history has event {}, MarkerRecorded (local activity id \"{}\", type "
      "\"{}\"), but the code started a {}{}: {}",
      kPrefix, marker.event_id, marker.activity_id, marker.activity_type,
      machine.describe(CommandType::COMMAND_TYPE_RECORD_MARKER), place(machine.where()), difference));
}

NondeterminismError complete_report(const NondeterminismError& error, const LastMatch& last) {
  std::string text = error.what();
  text += last.event_id == 0 ? ". No event before it records what the code did"
                             : fmt::format(". The last event that matches is event {}, {}{}", last.event_id,
                                           camel_case(EventType_Name(last.type), "EVENT_TYPE_"),
                                           last.where.line() == 0 ? "" : ", of the call" + place(last.where));
  return NondeterminismError(text + ". " + kAdvice);
}

}  // namespace perdure::workflow_core
