#include "worker/guarded_activation.h"

#include <exception>

#include "api/failure_conversion.h"
#include "guard/guard.h"
#include "perdure/error.h"

namespace perdure::worker {

workflow_core::Completion run_guarded(const std::function<workflow_core::Completion()>& step) {
  std::string report;
  workflow_core::Completion completion;
  {
    const guard::Scope scope;
    completion = step();
    if (scope.clean()) {
      return completion;
    }
    report = scope.report();
  }
  completion.outcome = workflow_core::Completion::Outcome::kTaskFailure;
  completion.commands.clear();
  completion.start_local_activities.clear();
  completion.waits_for_local_activities = false;
  completion.closes_run = false;
  completion.cause = temporal::api::enums::v1::WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE;
  completion.failure = api::exception_to_failure(
      std::make_exception_ptr(ApplicationError(report, {.type = "RestrictedWorkflowAccessError"})));
  return completion;
}

workflow_core::QueryAnswer query_guarded(const std::function<workflow_core::QueryAnswer()>& step) {
  const guard::Scope scope;
  workflow_core::QueryAnswer answer = step();
  if (!scope.clean()) {
    answer.result.reset();
    answer.failure = api::exception_to_failure(
        std::make_exception_ptr(ApplicationError(scope.report(), {.type = "RestrictedWorkflowAccessError"})));
  }
  return answer;
}

}  // namespace perdure::worker
