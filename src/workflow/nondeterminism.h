#pragma once
// What is said when a replay does not do what its history says.
#include <string>

#include "perdure/error.h"
#include "workflow/machine.h"

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

}  // namespace perdure::workflow_core
