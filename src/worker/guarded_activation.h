#pragma once
// An activation under the guard of determinism.
#include "workflow/run.h"

namespace perdure::worker {

// As run.activate(), but the workflow task fails when the workflow's code called what it must not: the
// failure's type is RestrictedWorkflowAccessError, as in Temporal's Python SDK. Destroy the run then.
workflow_core::Completion activate_guarded(workflow_core::WorkflowRun& run,
                                           const workflow_core::HistoryEvents& events,
                                           workflow_core::ActivationOptions options);

}  // namespace perdure::worker
