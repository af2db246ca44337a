#pragma once
// The first run of a chain: by a client, or as a child of another run.
#include "engine/engine.h"
#include "engine/execution.h"
#include "engine/names.h"

namespace perdure::engine {

// Whose child a run is.
struct Lineage {
  state::ParentRun parent;
  common::WorkflowExecution root;
};

// What a start comes with that its request does not say.
struct StartOrigin {
  const Lineage* lineage = nullptr;                              // not null: the run becomes a child
  const wire::SignalWorkflowExecutionRequest* signal = nullptr;  // not null: the run begins with this signal
};

// As start_workflow(); but a start with a signal is never taken for the repetition of another one.
Result<StartReply> start_run(Outcome& out, Execution* current,
                             const wire::StartWorkflowExecutionRequest& request, const StartOrigin& origin,
                             const Context& context);

}  // namespace perdure::engine
