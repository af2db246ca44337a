#pragma once
// An activation under the guard of determinism.
#include <functional>

#include "workflow/run.h"

namespace perdure::worker {

// What `step` gives, which runs a workflow's code; but the workflow task fails when that called what it must
// not: the failure's type is RestrictedWorkflowAccessError, as in Temporal's Python SDK. Destroy the run
// then.
workflow_core::Completion run_guarded(const std::function<workflow_core::Completion()>& step);

// The same for a query, which then fails.
workflow_core::QueryAnswer query_guarded(const std::function<workflow_core::QueryAnswer()>& step);

}  // namespace perdure::worker
