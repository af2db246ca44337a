#pragma once
// What is said when a replay does not do what its history says.
#include <cstdint>
#include <source_location>
#include <string>

#include "perdure/error.h"
#include "workflow/machine.h"
#include "workflow/machines/local_activity.h"
#include "workflow/markers.h"

namespace perdure::workflow_core {

// Whether `event` is one that a command of the workflow's code writes.
bool is_command_event(const HistoryEvent& event);
// The command that writes events of this type; COMMAND_TYPE_UNSPECIFIED when this program never writes such
// commands.
CommandType command_of(const HistoryEvent& event);

// "event 11, ActivityTaskScheduled (activity id \"2\", type \"send\")"
std::string describe_event(const HistoryEvent& event);
// "StartTimer (timer id \"2\") at order.cc:41"
std::string describe_command(const OutgoingCommand& command);

// `event` records a command that the code did not produce; `produced` null: it produced none.
NondeterminismError unexpected_event(const HistoryEvent& event, const OutgoingCommand* produced,
                                     const std::string& difference);
// The code produced `command`, of which history holds nothing before `event`.
NondeterminismError missing_event(const OutgoingCommand& command, const HistoryEvent& event);
// `event` records a command, but the code waits for a local activity that has no marker before it.
NondeterminismError waits_instead(const HistoryEvent& event, const LocalActivityMachine& machine);
// The code waits for a local activity of that number, which is another one than the marker says.
NondeterminismError different_local_activity(const LocalActivityMarker& marker,
                                             const LocalActivityMachine& machine,
                                             const std::string& difference);

// The last event that records what the code did.
struct LastMatch {
  std::int64_t event_id = 0;  // 0: there is none
  temporal::api::enums::v1::EventType type{};
  std::source_location where;  // of the call; no line: in no call of the user's
};

// What is said in the end: `error`, up to where the history fits the code, and what to do.
NondeterminismError complete_report(const NondeterminismError& error, const LastMatch& last);

}  // namespace perdure::workflow_core
