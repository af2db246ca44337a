#pragma once
// Signals and requests to cancel that a run sends to other runs.
//
//   none ── command: initiated event ──▶ pending ── delivered, or failed: an event ──▶ none
//
// The item holds what is to be sent. A run that closes before takes it along, as in Temporal.
#include <cstdint>
#include <optional>

#include "engine/commands.h"
#include "engine/engine.h"
#include "engine/step.h"

namespace perdure::engine {

std::optional<TaskFailure> signal_external(CommandTurn& turn, const command::Command& command);
std::optional<TaskFailure> request_cancel_external(CommandTurn& turn, const command::Command& command);

// Make the items of what their initiated events ask for.
void add_external_signal(Step& step, std::int64_t initiated_event_id,
                         const history::SignalExternalWorkflowExecutionInitiatedEventAttributes& initiated);
void add_external_cancel(
    Step& step, std::int64_t initiated_event_id,
    const history::RequestCancelExternalWorkflowExecutionInitiatedEventAttributes& initiated);

Address address_of(const Execution& source, const state::ExternalSignalState& signal);
Address address_of(const Execution& source, const state::ExternalCancelState& cancel);

// `target` as deliver() of engine.h.
void deliver_signal(Step& source, ItemKey item, Execution* target);
void deliver_cancel(Step& source, ItemKey item, Execution* target);

}  // namespace perdure::engine
