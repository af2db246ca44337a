#pragma once
// Updates: messages that the worker of a workflow task answers with messages.
//
//   admitted ── sent with a workflow task ──▶ sent ── accepted (event) ──▶ item ── completed (event)
//   (in memory)                              (in memory) ── rejected: gone without a trace
//
// See Temporal's docs/architecture/workflow-update.md, service/history/workflow/update, and
// workflow_task_completed_handler.go.
#include <optional>

#include "engine/commands.h"
#include "engine/names.h"
#include "engine/step.h"

namespace perdure::engine {

// Puts the updates that the worker has to look at into a task that starts. `again`: those, too, that were
// sent with an earlier one.
void send_updates(Execution& run, bool again, std::int64_t started_event_id,
                  wire::PollWorkflowTaskQueueResponse* task);

// A completion whose messages cannot even be looked at.
Status check_messages(const wire::RespondWorkflowTaskCompletedRequest& request);
std::optional<TaskFailure> carry_out_protocol_message(CommandTurn& turn, const command::Command& command);
// What no command pointed to.
std::optional<TaskFailure> carry_out_remaining_messages(CommandTurn& turn);
// Rejects what was sent and not answered.
void reject_unprocessed_updates(CommandTurn& turn);

// The run has closed: nothing will become of what is not completed.
void abort_updates(Step& step);
// The workflow task failed for what the worker answered: what it was sent is not sent again.
void abort_sent_updates(Step& step);

// Whether a completion of the run's task leaves no trace.
bool comes_to_nothing(const Execution& run, const wire::RespondWorkflowTaskCompletedRequest& request);

}  // namespace perdure::engine
