#pragma once
// The run that follows a run in its chain: continue-as-new, or a retry of the whole run.
#include <string>

#include "engine/names.h"
#include "engine/new_run.h"
#include "engine/step.h"

namespace perdure::engine {

// A chain of very short runs is slowed down to one a second (Temporal: ContinueAsNewMinBackoff). 0: no wait.
std::int64_t backoff_of_successor(const state::ExecutionState& info, std::int64_t backoff, Timestamp now);

NewRun continued_run(Step& step, const std::string& run_id,
                     const command::ContinueAsNewWorkflowExecutionCommandAttributes& attributes);

// After `why` closed the run at its attempt: another run of it, `backoff` later. The run has a retry policy.
NewRun retried_run(Step& step, const std::string& run_id, const failure::Failure& why, Duration backoff);

}  // namespace perdure::engine
