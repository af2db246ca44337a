// Starting a workflow: request-id dedup, id conflict and reuse policies, the first run. As Temporal's
// api/startworkflow and api/workflow_id_dedup.go. Its minimal interval between two starts of one id (1 s) is
// off by default there (history.enableWorkflowIdReuseStartTimeValidation), so it is not applied here;
// continue-as-new does apply it.
#include "engine/start.h"
#include "base/uuid.h"

#include <fmt/format.h>

#include "api/convert.h"
#include "base/planted.h"
#include "engine/close.h"
#include "engine/commit.h"
#include "engine/cron.h"
#include "engine/durations.h"
#include "engine/engine.h"
#include "engine/execution.h"
#include "engine/failures.h"
#include "engine/new_run.h"
#include "engine/retry.h"
#include "temporal/api/errordetails/v1/message.pb.h"

namespace perdure::engine {

namespace {

constexpr std::int64_t kMillisecond = 1'000'000;

Status already_started(std::string message, const Execution& current) {
  temporal::api::errordetails::v1::WorkflowExecutionAlreadyStartedFailure detail;
  detail.set_start_request_id(current.info().start_request_id());
  detail.set_run_id(current.run_id().value);
  detail.set_first_execution_run_id(current.info().first_run_id());
  return api::with_detail(Code::kAlreadyExists, std::move(message), detail);
}

bool closed_as_failed(const Execution& run) {
  switch (run.info().status()) {
    case enums::WORKFLOW_EXECUTION_STATUS_FAILED:
    case enums::WORKFLOW_EXECUTION_STATUS_CANCELED:
    case enums::WORKFLOW_EXECUTION_STATUS_TERMINATED:
    case enums::WORKFLOW_EXECUTION_STATUS_TIMED_OUT:
      return true;
    default:
      return false;
  }
}

// OK: a new run may follow the closed `current`.
Status apply_reuse_policy(const Execution& current, enums::WorkflowIdReusePolicy policy) {
  const std::string& workflow_id = current.key().workflow_id.value;
  const std::string& run_id = current.run_id().value;
  if (policy == enums::WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE) {
    return already_started(
        fmt::format("Workflow execution already finished. WorkflowId: {}, RunId: {}. Workflow Id "
                    "reuse policy: reject duplicate workflow Id.",
                    workflow_id, run_id),
        current);
  }
  if (policy == enums::WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY && !closed_as_failed(current)) {
    return already_started(
        fmt::format(
            "Workflow execution already finished successfully. WorkflowId: {}, RunId: {}. Workflow Id reuse "
            "policy: allow duplicate workflow Id if last run failed.",
            workflow_id, run_id),
        current);
  }
  return {};
}

struct Policies {
  enums::WorkflowIdReusePolicy reuse;
  enums::WorkflowIdConflictPolicy conflict;
};

Policies policies_of(const wire::StartWorkflowExecutionRequest& request) {
  Policies policies{request.workflow_id_reuse_policy(), request.workflow_id_conflict_policy()};
  if (policies.reuse == enums::WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING) {
    policies.reuse = enums::WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE;
    policies.conflict = enums::WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING;
  }
  return policies;
}

history::WorkflowExecutionStartedEventAttributes started_attributes(
    const wire::StartWorkflowExecutionRequest& request, const std::string& run_id, Timestamp now) {
  history::WorkflowExecutionStartedEventAttributes started;
  *started.mutable_workflow_type() = request.workflow_type();
  *started.mutable_task_queue() = request.task_queue();
  if (started.task_queue().kind() == enums::TASK_QUEUE_KIND_UNSPECIFIED) {
    started.mutable_task_queue()->set_kind(enums::TASK_QUEUE_KIND_NORMAL);
  }
  if (request.has_header()) {
    *started.mutable_header() = request.header();
  }
  if (request.has_input()) {
    *started.mutable_input() = request.input();
  }
  const std::int64_t execution_timeout = nanos(request.workflow_execution_timeout());
  const std::int64_t run_timeout =
      bounded_run_timeout(nanos(request.workflow_run_timeout()), execution_timeout);
  if (request.has_workflow_execution_timeout()) {
    set_nanos(started.mutable_workflow_execution_timeout(), execution_timeout);
  }
  if (request.has_workflow_run_timeout() || run_timeout > 0) {
    set_nanos(started.mutable_workflow_run_timeout(), run_timeout);
  }
  set_nanos(started.mutable_workflow_task_timeout(),
            bounded_task_timeout(nanos(request.workflow_task_timeout()), run_timeout));
  started.set_identity(request.identity());
  if (request.has_retry_policy()) {
    *started.mutable_retry_policy() = request.retry_policy();
    fill_retry_defaults(started.mutable_retry_policy());
  }
  started.set_attempt(1);
  if (execution_timeout > 0) {
    const std::int64_t end = now.nanos + execution_timeout + kMillisecond / 2;
    set_time(started.mutable_workflow_execution_expiration_time(), end - end % kMillisecond);
  }
  started.set_cron_schedule(request.cron_schedule());
  if (request.has_last_completion_result()) {
    *started.mutable_last_completion_result() = request.last_completion_result();
  }
  if (request.has_continued_failure()) {
    *started.mutable_continued_failure() = request.continued_failure();
  }
  std::int64_t backoff = nanos(request.workflow_start_delay());
  if (!request.cron_schedule().empty()) {
    started.set_initiator(enums::CONTINUE_AS_NEW_INITIATOR_CRON_SCHEDULE);
    backoff = cron_backoff(request.cron_schedule(), now, now).value_or(Duration{}).count();
  }
  set_nanos(started.mutable_first_workflow_task_backoff(), backoff);
  started.set_first_execution_run_id(run_id);
  started.set_original_execution_run_id(run_id);
  if (request.has_memo()) {
    *started.mutable_memo() = request.memo();
  }
  if (request.has_search_attributes()) {
    *started.mutable_search_attributes() = request.search_attributes();
  }
  started.set_workflow_id(request.workflow_id());
  *started.mutable_completion_callbacks() = request.completion_callbacks();
  if (request.has_versioning_override()) {
    *started.mutable_versioning_override() = request.versioning_override();
  }
  if (request.has_priority()) {
    *started.mutable_priority() = request.priority();
  }
  return started;
}

void set_lineage(const Lineage& lineage, history::WorkflowExecutionStartedEventAttributes* started) {
  started->set_parent_workflow_namespace(lineage.parent.namespace_name());
  started->set_parent_workflow_namespace_id(lineage.parent.namespace_id());
  started->mutable_parent_workflow_execution()->set_workflow_id(lineage.parent.workflow_id());
  started->mutable_parent_workflow_execution()->set_run_id(lineage.parent.run_id());
  started->set_parent_initiated_event_id(lineage.parent.initiated_event_id());
  *started->mutable_root_workflow_execution() = lineage.root;
}

StartReply start_first_run(Outcome& out, const wire::StartWorkflowExecutionRequest& request,
                           const StartOrigin& origin, const std::string& run_id, const Context& context) {
  NewRun new_run;
  new_run.key = {NamespaceName(request.namespace_()), WorkflowId(request.workflow_id())};
  new_run.run_id = RunId(run_id);
  new_run.request_id = request.request_id();
  new_run.attributes = started_attributes(request, run_id, context.now);
  if (origin.lineage != nullptr) {
    set_lineage(*origin.lineage, &new_run.attributes);
  }
  if (origin.signal != nullptr) {
    new_run.signal = *origin.signal;
  }
  new_run.links = request.links();
  if (request.has_user_metadata()) {
    new_run.user_metadata = request.user_metadata();
  }
  const Execution& run = create_run(out, std::move(new_run), context);
  return {run.id(), run_id, true};
}

}  // namespace

Result<StartReply> start_run(Outcome& out, Execution* current,
                             const wire::StartWorkflowExecutionRequest& request, const StartOrigin& origin,
                             const Context& context) {
  if (current == nullptr) {
    return start_first_run(out, request, origin, uuid7(*context.random, context.now), context);
  }
  if (origin.signal == nullptr && !request.request_id().empty() &&
      request.request_id() == current->info().start_request_id() && !planted(PlantedBug::kNoRequestIdDedup)) {
    return StartReply{current->id(), current->run_id().value, true};
  }
  const Policies policies = policies_of(request);
  if (!current->running()) {
    if (Status refusal = apply_reuse_policy(*current, policies.reuse); !refusal.ok()) {
      return refusal;
    }
    return start_first_run(out, request, origin, uuid7(*context.random, context.now), context);
  }
  if (policies.conflict == enums::WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING) {
    return StartReply{current->id(), current->run_id().value, false};
  }
  if (policies.conflict != enums::WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING) {
    return already_started(fmt::format("Workflow execution is already running. WorkflowId: {}, RunId: {}.",
                                       current->key().workflow_id.value, current->run_id().value),
                           *current);
  }
  const std::string run_id = uuid7(*context.random, context.now);
  const common::Payloads details = text_payloads(fmt::format("terminated by new runID: {}", run_id));
  Step step{out, *current, context};
  terminate_run(step, {.reason = "TerminateIfRunning WorkflowIdReusePolicy",
                       .details = &details,
                       .identity = kHistoryService});
  commit(step);
  return start_first_run(out, request, origin, run_id, context);
}

Result<StartReply> start_workflow(Outcome& out, Execution* current,
                                  const wire::StartWorkflowExecutionRequest& request,
                                  const Context& context) {
  return start_run(out, current, request, {}, context);
}

}  // namespace perdure::engine
