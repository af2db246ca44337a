#pragma once
// Carries out the commands of one completed workflow task, in order (Temporal:
// workflow_task_completed_handler.go).
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/command_rules.h"
#include "engine/new_run.h"
#include "engine/step.h"

namespace perdure::engine {

// What the commands of one workflow task have in common, and what they leave to do.
struct CommandTurn {
  Step& step;
  std::int64_t completed_event_id = 0;
  std::string identity;
  // Events arrived that the worker has not seen: the run must not close.
  bool has_unseen_events = false;
  // An activity was cancelled before it started: nobody else will wake the workflow to tell it.
  bool needs_workflow_task = false;
  std::vector<std::int64_t> eager_activities;  // scheduled event ids
  std::optional<NewRun> successor;
};

// The first failure ends the turn; the caller takes everything back.
std::optional<TaskFailure> carry_out_commands(CommandTurn& turn,
                                              const wire::RespondWorkflowTaskCompletedRequest& request);

}  // namespace perdure::engine
