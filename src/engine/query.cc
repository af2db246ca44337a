#include "engine/query.h"

#include "api/convert.h"
#include "engine/commit.h"
#include "engine/execution.h"
#include "engine/machines/workflow_task.h"
#include "engine/names.h"
#include "temporal/api/errordetails/v1/message.pb.h"

namespace perdure::engine {

namespace {

constexpr int kAttemptsUntilUnready = 3;  // Temporal's failQueryWorkflowTaskAttemptCount

Status not_ready(const char* message) {
  return api::with_detail(Code::kFailedPrecondition, message,
                          temporal::api::errordetails::v1::WorkflowNotReadyFailure());
}

Status closed_too_early() { return not_ready("Workflow execution closed before WorkflowTaskStarted event"); }

bool has_completed_workflow_task(const Execution& run) {
  return run.info().last_completed_started_event_id() != 0;
}

bool is_rejected(const Execution& run, enums::QueryRejectCondition condition) {
  if (run.running()) {
    return false;
  }
  return condition == enums::QUERY_REJECT_CONDITION_NOT_OPEN ||
         (condition == enums::QUERY_REJECT_CONDITION_NOT_COMPLETED_CLEANLY &&
          run.info().status() != enums::WORKFLOW_EXECUTION_STATUS_COMPLETED);
}

}  // namespace

Result<QueryRoute> route_query(const Execution& run, enums::QueryRejectCondition condition,
                               Timestamp deadline) {
  if (is_rejected(run, condition)) {
    return QueryRoute::kRejected;
  }
  if (!run.running() && !has_completed_workflow_task(run)) {
    return closed_too_early();
  }
  if (!run.info().had_workflow_task() && Timestamp{run.info().execution_time()} > deadline) {
    return not_ready("Workflow task is not scheduled yet.");
  }
  if (run.info().workflow_task_attempt() >= kAttemptsUntilUnready) {
    return not_ready("Unable to query workflow due to Workflow Task in failed state.");
  }
  const bool direct = has_completed_workflow_task(run) && (!run.running() || run.workflow_task() == nullptr);
  return direct ? QueryRoute::kDirect : QueryRoute::kBuffered;
}

Result<bool> unblocks_queries(const Execution& run) {
  if (!run.running()) {
    return has_completed_workflow_task(run) ? Result<bool>(true) : closed_too_early();
  }
  return has_completed_workflow_task(run) && run.workflow_task() == nullptr;
}

StickyWorker sticky_worker(const Execution& run) {
  return {run.info().sticky_queue(), Duration(run.info().sticky_schedule_to_start_timeout())};
}

const std::string& normal_task_queue(const Execution& run) { return run.info().task_queue(); }

WorkflowTaskStart query_task(const Execution& run, bool in_cache) {
  const state::ExecutionState& info = run.info();
  WorkflowTaskStart task;
  task.previous_started_event_id = info.last_completed_started_event_id();
  task.next_event_id = info.next_event_id();
  task.first_event_id = in_cache ? task.next_event_id : 1;
  wire::PollWorkflowTaskQueueResponse& response = task.response;
  response.mutable_workflow_execution()->set_workflow_id(run.key().workflow_id.value);
  response.mutable_workflow_execution()->set_run_id(run.run_id().value);
  response.mutable_workflow_type()->set_name(info.workflow_type());
  response.set_previous_started_event_id(task.previous_started_event_id);
  response.set_attempt(1);
  response.mutable_workflow_execution_task_queue()->set_name(info.task_queue());
  response.mutable_workflow_execution_task_queue()->set_kind(enums::TASK_QUEUE_KIND_NORMAL);
  return task;
}

common::Link query_link(const Execution& run, bool rejected) {
  common::Link link;
  auto* workflow = link.mutable_workflow();
  workflow->set_namespace_(run.key().namespace_name.value);
  workflow->set_workflow_id(run.key().workflow_id.value);
  workflow->set_run_id(run.run_id().value);
  workflow->set_reason(rejected ? "Query rejected" : "Query processed");
  return link;
}

Status reset_sticky_task_queue(Outcome& out, Execution& run, const Context& context) {
  if (!run.running()) {
    return not_found("workflow execution already completed");
  }
  if (!run.info().sticky_queue().empty()) {
    Step step{out, run, context};
    clear_sticky_queue(run);
    commit(step);
  }
  return {};
}

}  // namespace perdure::engine
