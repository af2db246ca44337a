// Updates from outside: api/updateworkflow of Temporal, and the registry behind it (workflow/update).
#include <fmt/format.h>

#include "api/convert.h"
#include "base/limits.h"
#include "engine/engine.h"
#include "engine/execution.h"
#include "engine/history.h"
#include "engine/machines/workflow_task.h"
#include "engine/queue_key.h"
#include "engine/update_texts.h"
#include "temporal/api/errordetails/v1/message.pb.h"

namespace perdure::engine {

namespace {

namespace errordetails = temporal::api::errordetails::v1;

constexpr int kAttemptsUntilUnready = 3;  // Temporal's failUpdateWorkflowTaskAttemptCount

Status not_ready(const char* message) {
  return api::with_detail(Code::kFailedPrecondition, message, errordetails::WorkflowNotReadyFailure());
}

Status exhausted(enums::ResourceExhaustedCause cause, const std::string& message) {
  errordetails::ResourceExhaustedFailure detail;
  detail.set_cause(cause);
  detail.set_scope(enums::RESOURCE_EXHAUSTED_SCOPE_NAMESPACE);
  return api::with_detail(Code::kResourceExhausted, message, detail);
}

failure::Failure by_server(const char* message, const char* type) {
  failure::Failure why;
  why.set_message(message);
  why.set_source("Server");
  why.mutable_application_failure_info()->set_type(type);
  why.mutable_application_failure_info()->set_non_retryable(true);
  return why;
}

Status check_limits(const Execution& run, const temporal::api::update::v1::Request& request) {
  if (run.updates_in_flight() >= limits::kUpdatesInFlight) {
    return too_many_updates_in_flight();
  }
  if (run.update_count() >= limits::kUpdates) {
    return too_many_updates();
  }
  if (run.admitted().bytes() + request.ByteSizeLong() >= limits::kUpdateBytesInFlight) {
    return too_large_updates_in_flight();
  }
  return {};
}

}  // namespace

Status aborted_by_closing_workflow() { return not_found("workflow update was aborted by closing workflow"); }

Status workflow_is_closing() {
  return exhausted(enums::RESOURCE_EXHAUSTED_CAUSE_BUSY_WORKFLOW,
                   "workflow operation can not be applied because workflow is closing");
}

Status workflow_task_failed() {
  return not_ready("Unable to perform workflow execution update due to unexpected workflow task failure.");
}

Status too_many_updates() {
  return failed_precondition(fmt::format(
      "The limit on the total number of distinct updates in this workflow has been reached ({}). "
      "Make sure any duplicate updates share an Update ID so the server can deduplicate them, and "
      "consider rejecting updates that you aren't going to process. You can also Continue-as-New to "
      "avoid this; we recommend you check Continue-as-New Suggested in your Workflow.",
      limits::kUpdates));
}

Status too_many_updates_in_flight() {
  return exhausted(enums::RESOURCE_EXHAUSTED_CAUSE_CONCURRENT_LIMIT,
                   fmt::format("limit on number of concurrent in-flight updates has been reached ({})",
                               limits::kUpdatesInFlight));
}

Status too_large_updates_in_flight() {
  return exhausted(enums::RESOURCE_EXHAUSTED_CAUSE_CONCURRENT_LIMIT,
                   fmt::format("limit on total payload size of in-flight updates has been reached ({} bytes)",
                               limits::kUpdateBytesInFlight));
}

failure::Failure unprocessed_update() {
  return by_server(
      "Workflow Update is rejected because it wasn't processed by worker. Probably, Workflow Update is not "
      "supported by the worker.",
      "UnprocessedUpdate");
}

temporal::api::update::v1::Outcome outcome_by_close() {
  temporal::api::update::v1::Outcome outcome;
  *outcome.mutable_failure() =
      by_server("Workflow Update failed because the Workflow completed before the Update completed.",
                "AcceptedUpdateCompletedWorkflow");
  return outcome;
}

UpdateStatus update_status(const Execution& run, std::string_view update_id) {
  if (const std::int64_t accepted = run.find_update(update_id)) {
    const std::int64_t completed = run.update(accepted)->completed_event_id();
    const bool over = completed != 0 || !run.running();
    return {over ? UpdateStage::kCompleted : UpdateStage::kAccepted, completed};
  }
  return {run.admitted().find(update_id) != nullptr ? UpdateStage::kAdmitted : UpdateStage::kUnknown};
}

Status admit_update(Outcome& out, Execution& run, const wire::UpdateWorkflowExecutionRequest& request,
                    const Context& context) {
  const std::string& first_run_id = request.first_execution_run_id();
  if (!first_run_id.empty() && first_run_id != run.info().first_run_id()) {
    return not_found("workflow execution not found");
  }
  const std::string& update_id = request.request().meta().update_id();
  const bool known = update_status(run, update_id).stage != UpdateStage::kUnknown;
  if (!run.running()) {
    return known ? Status() : not_found("workflow execution already completed");
  }
  if (run.info().workflow_task_attempt() >= kAttemptsUntilUnready) {
    return not_ready("Unable to perform workflow execution update due to Workflow Task in failed state.");
  }
  if (run.close_attempted() && run.has_started_workflow_task()) {
    return workflow_is_closing();
  }
  if (known) {
    return {};
  }
  if (Status full = check_limits(run, request.request()); !full.ok()) {
    return full;
  }
  run.admitted().add(update_id, request.request());
  if (run.workflow_task() == nullptr) {
    Step step{out, run, context};
    schedule_speculative_workflow_task(step);
    out.ready.push_back(
        {run.id(),
         {ItemKind::kWorkflowTask, 0},
         queue_key(TaskKind::kWorkflow, run.key().namespace_name.value, run.workflow_task()->queue())});
  }
  return {};
}

}  // namespace perdure::engine
