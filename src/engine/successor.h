#pragma once
// The run that follows a run in its chain: continue-as-new, a retry of the whole run, or the next one of its
// cron schedule.
#include <optional>
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

// When the run of a cron schedule that ends now is followed by the next one; none: by no other.
std::optional<Duration> cron_backoff_of(const Step& step);
// The next run of a cron schedule. `result`: of the run that ends, if it completed and had one; `why`: not
// null if it failed, and then the result of an earlier one is kept.
NewRun cron_run(Step& step, const std::string& run_id, const common::Payloads* result,
                const failure::Failure* why, Duration backoff);

}  // namespace perdure::engine
