// As handleCommandStartChildWorkflow of Temporal's workflow_task_completed_handler.go and
// ValidateStartChildExecutionAttributes of its command_attr_validator.go.
#include "engine/machines/child_rules.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/limits.h"
#include "engine/commands.h"
#include "engine/cron.h"
#include "engine/durations.h"
#include "engine/new_run.h"
#include "engine/retry.h"

namespace perdure::engine {

namespace {

using Child = command::StartChildWorkflowExecutionCommandAttributes;
constexpr enums::WorkflowTaskFailedCause kCause =
    enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_START_CHILD_EXECUTION_ATTRIBUTES;

std::optional<std::string> check_names(const Child& child) {
  const std::string& id = child.workflow_id();
  const std::string& type = child.workflow_type().name();
  const std::string& space = child.namespace_();
  if (id.empty()) {
    return fmt::format(
        "Required field WorkflowId is not set on StartChildWorkflowExecutionCommand. WorkflowType={} "
        "Namespace={}",
        type, space);
  }
  if (type.empty()) {
    return fmt::format(
        "Required field WorkflowType is not set on StartChildWorkflowExecutionCommand. WorkflowId={} "
        "Namespace={}",
        id, space);
  }
  if (id.size() > limits::kIdLength) {
    return fmt::format(
        "WorkflowId on StartChildWorkflowExecutionCommand exceeds length limit. WorkflowId={} Length={} "
        "Limit={} WorkflowType={} Namespace={}",
        id, id.size(), limits::kIdLength, type, space);
  }
  if (type.size() > limits::kIdLength) {
    return fmt::format(
        "WorkflowType on StartChildWorkflowExecutionCommand exceeds length limit. WorkflowId={} "
        "WorkflowType={} Length={} Limit={} Namespace={}",
        id, type, type.size(), limits::kIdLength, space);
  }
  return std::nullopt;
}

std::string place(const Child& child) {
  return fmt::format("WorkflowId={} WorkflowType={} Namespace={}", child.workflow_id(),
                     child.workflow_type().name(), child.namespace_());
}

std::optional<std::string> check_options(Child* child) {
  struct Timeout {
    const char* name;
    bool given;
    google::protobuf::Duration* (Child::*field)();
  };
  const Timeout timeouts[] = {
      {"WorkflowExecutionTimeout", child->has_workflow_execution_timeout(),
       &Child::mutable_workflow_execution_timeout},
      {"WorkflowRunTimeout", child->has_workflow_run_timeout(), &Child::mutable_workflow_run_timeout},
      {"WorkflowTaskTimeout", child->has_workflow_task_timeout(), &Child::mutable_workflow_task_timeout},
  };
  for (const Timeout& timeout : timeouts) {
    const char* why = timeout.given ? validate_and_cap((child->*timeout.field)()) : nullptr;
    if (why != nullptr) {
      return fmt::format("Invalid {} on StartChildWorkflowExecutionCommand: {}. {}", timeout.name, why,
                         place(*child));
    }
  }
  if (child->has_retry_policy()) {
    fill_retry_defaults(child->mutable_retry_policy());
    if (auto why = validate_retry_policy(child->mutable_retry_policy())) {
      return fmt::format("invalid WorkflowRetryPolicy on StartChildWorkflowExecutionCommand: {}. {}", *why,
                         place(*child));
    }
  }
  if (!child->cron_schedule().empty()) {
    const CronProblem problem = check_cron(child->cron_schedule());
    if (problem != CronProblem::kNone) {
      return fmt::format("invalid CronSchedule on StartChildWorkflowExecutionCommand: {}. {}",
                         cron_problem_text(problem), place(*child));
    }
  }
  if (child->has_priority()) {
    return check_priority(child->priority());
  }
  return std::nullopt;
}

void fill_defaults(Child* child) {
  const std::int64_t execution = nanos(child->workflow_execution_timeout());
  const std::int64_t run = bounded_run_timeout(nanos(child->workflow_run_timeout()), execution);
  set_nanos(child->mutable_workflow_run_timeout(), run);
  set_nanos(child->mutable_workflow_task_timeout(),
            bounded_task_timeout(nanos(child->workflow_task_timeout()), run));
  if (child->parent_close_policy() == enums::PARENT_CLOSE_POLICY_UNSPECIFIED) {
    child->set_parent_close_policy(enums::PARENT_CLOSE_POLICY_TERMINATE);
  }
  if (child->workflow_id_reuse_policy() == enums::WORKFLOW_ID_REUSE_POLICY_UNSPECIFIED) {
    child->set_workflow_id_reuse_policy(enums::WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE);
  }
}

std::optional<TaskFailure> check_sizes(const Execution& run, const Child& child) {
  if (child.input().ByteSizeLong() > limits::kBlobError) {
    return TaskFailure{kCause, "StartChildWorkflowExecutionCommandAttributes. Input exceeds size limit.",
                       true};
  }
  if (child.memo().ByteSizeLong() > limits::kMemoError) {
    return TaskFailure{kCause, "StartChildWorkflowExecutionCommandAttributes.Memo exceeds size limit.", true};
  }
  if (const std::size_t count = run.count(ItemKind::kChild); count >= limits::kPendingChildren) {
    return TaskFailure{enums::WORKFLOW_TASK_FAILED_CAUSE_PENDING_CHILD_WORKFLOWS_LIMIT_EXCEEDED,
                       fmt::format("the number of pending child workflow executions, {}, has reached the "
                                   "per-workflow limit of {}",
                                   count, limits::kPendingChildren)};
  }
  return std::nullopt;
}

template <class Map>
void erase_nulls(Map* fields) {
  for (auto field = fields->begin(); field != fields->end();) {  // each by itself: the order does not matter
    auto next = std::next(field);
    if (is_null_payload(field->second)) {
      fields->erase(field);
    }
    field = next;
  }
}

}  // namespace

std::optional<TaskFailure> check_start_child(const Execution& run, Child* child) {
  if (child->namespace_().empty()) {
    child->set_namespace_(run.key().namespace_name.value);
  }
  if (auto failure = check_own_namespace(run, kCause, child->namespace_())) {
    return failure;
  }
  if (auto why = check_names(*child)) {
    return TaskFailure{kCause, *why};
  }
  if (auto why = check_options(child)) {
    return TaskFailure{kCause, *why};
  }
  if (auto why = check_task_queue(child->mutable_task_queue(), run.info().task_queue())) {
    return TaskFailure{kCause, fmt::format("invalid TaskQueue on StartChildWorkflowExecutionCommand: {}. {} "
                                           "TaskQueue={}",
                                           *why, place(*child), child->task_queue().name())};
  }
  if (child->has_versioning_override()) {
    return TaskFailure{kCause, "VersioningOverride is not supported by this version of Perdure"};
  }
  fill_defaults(child);
  return check_sizes(run, *child);
}

void drop_null_fields(common::Memo* memo) { erase_nulls(memo->mutable_fields()); }
void drop_null_fields(common::SearchAttributes* attributes) {
  erase_nulls(attributes->mutable_indexed_fields());
}

}  // namespace perdure::engine
