#pragma once
// The first transition of a run, however it came about: by a client, by continue-as-new, by a retry of the
// run.
#include <optional>
#include <string>

#include "engine/names.h"
#include "engine/step.h"

namespace perdure::engine {

struct NewRun {
  WorkflowKey key;
  RunId run_id;
  std::string request_id;
  history::WorkflowExecutionStartedEventAttributes attributes;  // complete
  google::protobuf::RepeatedPtrField<common::Link> links;
  std::optional<temporal::api::sdk::v1::UserMetadata> user_metadata;
  std::optional<wire::SignalWorkflowExecutionRequest> signal;  // that the run begins with
};

// Writes the run (created, and current from now on) into `out`; the Execution is in out.created, too.
Execution& create_run(Outcome& out, NewRun new_run, const Context& context);

// The constant parts of a run's state, as its started event says, from `now` on.
void remember_start(const NewRun& new_run, Timestamp now, state::ExecutionState* info);
// The items of its timeouts.
void add_deadlines(Execution& run);

// Run timeout: never above the execution timeout, which is also its default. 0: none.
std::int64_t bounded_run_timeout(std::int64_t run_timeout, std::int64_t execution_timeout);
// Workflow task timeout: default 10 s, at most 120 s and the run timeout.
std::int64_t bounded_task_timeout(std::int64_t task_timeout, std::int64_t run_timeout);

}  // namespace perdure::engine
