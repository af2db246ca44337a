#pragma once
// The children of a run, and a child's word to its parent.
//
//   none ── command: initiated event ──▶ to be started ── started event ──▶ started ── its end: an event ──▶
//   none
//                                              └──────── failed event ──────────────────────────────────▶
//                                              none
//
// The item stays from the initiated event to the end of the child's chain of runs. See Temporal's
// processStartChildExecution and processCloseExecution (transfer_queue_active_task_executor.go) and
// api/recordchildworkflowcompleted.
#include <cstdint>
#include <optional>
#include <string>

#include "engine/commands.h"
#include "engine/engine.h"
#include "engine/step.h"

namespace perdure::engine {

std::optional<TaskFailure> start_child(CommandTurn& turn, const command::Command& command);

// Makes the item of a child whose initiated event this is. `metadata`: null, or of the command.
void add_child(Step& step, std::int64_t initiated_event_id,
               const history::StartChildWorkflowExecutionInitiatedEventAttributes& initiated,
               const temporal::api::sdk::v1::UserMetadata* metadata);
// The item of a child that runs now.
void note_child_started(Execution& run, std::int64_t initiated_event_id, const std::string& run_id);

Address address_of(const Execution& source, const state::ChildState& child);
Address address_of(const Execution& source, const state::ParentCloseState& close);
Address address_of_parent(const Execution& source);

state::ParentCloseState parent_close_of(const state::ChildState& child, Timestamp now);

// `target` as deliver() of engine.h: whoever has the child's workflow id now.
void deliver_start(Step& source, ItemKey item, Execution* target);
// `target`: the parent. Returns where to look instead if that was reset.
RunId deliver_report(Step& source, ItemKey item, Execution* target);
void deliver_parent_close(Step& source, ItemKey item, Execution* target);

}  // namespace perdure::engine
