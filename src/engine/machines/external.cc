// As handleCommandSignalExternalWorkflow and handleCommandRequestCancelExternalWorkflow of Temporal's
// workflow_task_completed_handler.go, and processSignalExecution and processCancelExecution of
// transfer_queue_active_task_executor.go.
#include "engine/machines/external.h"

#include <fmt/format.h>

#include <utility>

#include "base/limits.h"
#include "base/uuid.h"
#include "engine/commit.h"
#include "engine/history.h"
#include "engine/machines/workflow_task.h"
#include "engine/run_requests.h"

namespace perdure::engine {

namespace {

using Failed = std::optional<TaskFailure>;
using Cause = enums::WorkflowTaskFailedCause;
constexpr Cause kBadSignal = enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_SIGNAL_WORKFLOW_EXECUTION_ATTRIBUTES;
constexpr Cause kBadCancel =
    enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_ATTRIBUTES;

Failed check_signal_attributes(const Execution& run,
                               const command::SignalExternalWorkflowExecutionCommandAttributes& asked) {
  if (!asked.has_execution()) {
    return TaskFailure{kBadSignal, "Execution is not set on SignalExternalWorkflowExecutionCommand."};
  }
  if (Failed failure = check_own_namespace(run, kBadSignal, asked.namespace_())) {
    return failure;
  }
  const std::string& workflow_id = asked.execution().workflow_id();
  const std::string& run_id = asked.execution().run_id();
  if (workflow_id.empty()) {
    return TaskFailure{kBadSignal,
                       fmt::format("WorkflowId is not set on SignalExternalWorkflowExecutionCommand. "
                                   "Namespace={} RunId={} SignalName={}",
                                   asked.namespace_(), run_id, asked.signal_name())};
  }
  if (workflow_id.size() > limits::kIdLength) {
    return TaskFailure{
        kBadSignal,
        fmt::format(
            "WorkflowId on SignalExternalWorkflowExecutionCommand exceeds length limit. WorkflowId={} "
            "Length={} Limit={} Namespace={} RunId={} SignalName={}",
            workflow_id, workflow_id.size(), limits::kIdLength, asked.namespace_(), run_id,
            asked.signal_name())};
  }
  if (!run_id.empty() && !is_uuid(run_id)) {
    return TaskFailure{kBadSignal, fmt::format("Invalid RunId set on SignalExternalWorkflowExecutionCommand. "
                                               "WorkflowId={} Namespace={} RunId={} SignalName={}",
                                               workflow_id, asked.namespace_(), run_id, asked.signal_name())};
  }
  if (asked.signal_name().empty()) {
    return TaskFailure{kBadSignal,
                       fmt::format("SignalName is not set on SignalExternalWorkflowExecutionCommand. "
                                   "WorkflowId={} Namespace={} RunId={}",
                                   workflow_id, asked.namespace_(), run_id)};
  }
  return std::nullopt;
}

Failed check_cancel_attributes(
    const CommandTurn& turn, const command::RequestCancelExternalWorkflowExecutionCommandAttributes& asked) {
  if (Failed failure = check_own_namespace(turn.step.run, kBadCancel, asked.namespace_())) {
    return failure;
  }
  const std::string& workflow_id = asked.workflow_id();
  const std::string& run_id = asked.run_id();
  if (workflow_id.empty()) {
    return TaskFailure{kBadCancel,
                       fmt::format("WorkflowId is not set on RequestCancelExternalWorkflowExecutionCommand. "
                                   "Namespace={} RunId={}",
                                   asked.namespace_(), run_id)};
  }
  if (workflow_id.size() > limits::kIdLength) {
    return TaskFailure{
        kBadCancel,
        fmt::format("WorkflowId on RequestCancelExternalWorkflowExecutionCommand exceeds length "
                    "limit. WorkflowId={} Length={} Limit={} RunId={} Namespace={}",
                    workflow_id, workflow_id.size(), limits::kIdLength, run_id, asked.namespace_())};
  }
  if (!run_id.empty() && !is_uuid(run_id)) {
    return TaskFailure{kBadCancel,
                       fmt::format("Invalid RunId set on RequestCancelExternalWorkflowExecutionCommand. "
                                   "WorkflowId={} RunId={} Namespace={}",
                                   workflow_id, run_id, asked.namespace_())};
  }
  if (turn.initiated_children.contains(workflow_id)) {
    return TaskFailure{
        kBadCancel, fmt::format("Start and RequestCancel for child workflow is not allowed in same workflow "
                                "task. WorkflowId={} RunId={} Namespace={}",
                                workflow_id, run_id, asked.namespace_())};
  }
  return std::nullopt;
}

Failed check_count(const Execution& run, ItemKind kind, std::size_t limit, Cause cause, const char* what) {
  if (run.count(kind) < limit) {
    return std::nullopt;
  }
  return TaskFailure{cause, fmt::format("the number of {}, {}, has reached the per-workflow limit of {}",
                                        what, run.count(kind), limit)};
}

Sender sender_of(const Execution& source, ItemKey item, bool children_only) {
  Sender sender;
  sender.run.set_workflow_id(source.key().workflow_id.value);
  sender.run.set_run_id(source.run_id().value);
  sender.initiated_event_id = item.id;
  sender.to_its_children_only = children_only;
  return sender;
}

// The source knows the outcome: the item goes, the event comes.
void settle(Step& source, ItemKey item, history::HistoryEvent event) {
  source.run.remove(item);
  append_event(source.run, std::move(event));
  schedule_workflow_task_if_none(source);
  commit(source);
}

template <class Attributes>
void fill_outcome(const Attributes& initiated, ItemKey item, const std::string& namespace_name,
                  auto* attributes) {
  attributes->set_initiated_event_id(item.id);
  attributes->set_namespace_(namespace_name);
  attributes->set_namespace_id(initiated.namespace_id());
  *attributes->mutable_workflow_execution() = initiated.workflow_execution();
}

}  // namespace

std::optional<TaskFailure> signal_external(CommandTurn& turn, const command::Command& command) {
  if (!command.has_signal_external_workflow_execution_command_attributes()) {
    return attributes_missing(kBadSignal, "SignalExternalWorkflowExecutionCommand");
  }
  const auto& asked = command.signal_external_workflow_execution_command_attributes();
  Execution& run = turn.step.run;
  if (Failed failure = check_signal_attributes(run, asked)) {
    return failure;
  }
  if (Failed failure = check_count(run, ItemKind::kExternalSignal, limits::kPendingExternalSignals,
                                   enums::WORKFLOW_TASK_FAILED_CAUSE_PENDING_SIGNALS_LIMIT_EXCEEDED,
                                   "pending signals to external workflows")) {
    return failure;
  }
  if (asked.input().ByteSizeLong() > limits::kBlobError) {
    return TaskFailure{kBadSignal,
                       "SignalExternalWorkflowExecutionCommandAttributes.Input exceeds size limit.", true};
  }
  history::HistoryEvent event =
      command_event(turn, command, enums::EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED);
  auto* initiated = event.mutable_signal_external_workflow_execution_initiated_event_attributes();
  initiated->set_workflow_task_completed_event_id(turn.completed_event_id);
  initiated->set_namespace_(asked.namespace_());
  initiated->set_namespace_id(turn.namespace_id);
  *initiated->mutable_workflow_execution() = asked.execution();
  initiated->set_signal_name(asked.signal_name());
  if (asked.has_input()) {
    *initiated->mutable_input() = asked.input();
  }
  initiated->set_control(asked.control());
  initiated->set_child_workflow_only(asked.child_workflow_only());
  if (asked.has_header()) {
    *initiated->mutable_header() = asked.header();
  }
  const auto attributes = *initiated;
  add_external_signal(turn.step, append_event(run, std::move(event)), attributes);
  return std::nullopt;
}

std::optional<TaskFailure> request_cancel_external(CommandTurn& turn, const command::Command& command) {
  if (!command.has_request_cancel_external_workflow_execution_command_attributes()) {
    return attributes_missing(kBadCancel, "RequestCancelExternalWorkflowExecutionCommand");
  }
  const auto& asked = command.request_cancel_external_workflow_execution_command_attributes();
  Execution& run = turn.step.run;
  if (Failed failure = check_cancel_attributes(turn, asked)) {
    return failure;
  }
  if (Failed failure = check_count(run, ItemKind::kExternalCancel, limits::kPendingExternalCancels,
                                   enums::WORKFLOW_TASK_FAILED_CAUSE_PENDING_REQUEST_CANCEL_LIMIT_EXCEEDED,
                                   "pending requests to cancel external workflows")) {
    return failure;
  }
  history::HistoryEvent event =
      command_event(turn, command, enums::EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED);
  auto* initiated = event.mutable_request_cancel_external_workflow_execution_initiated_event_attributes();
  initiated->set_workflow_task_completed_event_id(turn.completed_event_id);
  initiated->set_namespace_(asked.namespace_());
  initiated->set_namespace_id(turn.namespace_id);
  initiated->mutable_workflow_execution()->set_workflow_id(asked.workflow_id());
  initiated->mutable_workflow_execution()->set_run_id(asked.run_id());
  initiated->set_control(asked.control());
  initiated->set_child_workflow_only(asked.child_workflow_only());
  initiated->set_reason(asked.reason());
  const auto attributes = *initiated;
  add_external_cancel(turn.step, append_event(run, std::move(event)), attributes);
  return std::nullopt;
}

void add_external_signal(Step& step, std::int64_t initiated_event_id,
                         const history::SignalExternalWorkflowExecutionInitiatedEventAttributes& initiated) {
  state::ExternalSignalState pending;
  *pending.mutable_signal() = initiated;
  pending.set_request_id(uuid4(*step.context.random));
  pending.set_due_time(step.now().nanos);
  pending.set_namespace_name(step.run.key().namespace_name.value);
  step.run.add({ItemKind::kExternalSignal, initiated_event_id}, std::move(pending));
}

void add_external_cancel(
    Step& step, std::int64_t initiated_event_id,
    const history::RequestCancelExternalWorkflowExecutionInitiatedEventAttributes& initiated) {
  state::ExternalCancelState pending;
  *pending.mutable_cancel() = initiated;
  pending.set_request_id(uuid4(*step.context.random));
  pending.set_due_time(step.now().nanos);
  pending.set_namespace_name(step.run.key().namespace_name.value);
  step.run.add({ItemKind::kExternalCancel, initiated_event_id}, std::move(pending));
}

Address address_of(const Execution& source, const state::ExternalSignalState& signal) {
  return {{source.key().namespace_name, WorkflowId(signal.signal().workflow_execution().workflow_id())},
          RunId(signal.signal().workflow_execution().run_id())};
}

Address address_of(const Execution& source, const state::ExternalCancelState& cancel) {
  return {{source.key().namespace_name, WorkflowId(cancel.cancel().workflow_execution().workflow_id())},
          RunId(cancel.cancel().workflow_execution().run_id())};
}

void deliver_signal(Step& source, ItemKey item, Execution* target) {
  const auto pending = std::get<state::ExternalSignalState>(*source.run.find(item));
  const auto& initiated = pending.signal();
  Status refusal = not_found(kRunNotFound);  // a run that signals its own workflow id finds nobody
  if (target != nullptr && target->key() != source.run.key()) {
    wire::SignalWorkflowExecutionRequest request;
    request.set_identity(kHistoryService);
    request.set_signal_name(initiated.signal_name());
    if (initiated.has_input()) {
      *request.mutable_input() = initiated.input();
    }
    if (initiated.has_header()) {
      *request.mutable_header() = initiated.header();
    }
    request.set_request_id(pending.request_id());
    const Sender sender = sender_of(source.run, item, initiated.child_workflow_only());
    refusal = signal_run(source.out, *target, request, &sender, source.context).status();
  }
  if (refusal.ok()) {
    history::HistoryEvent event =
        make_event(enums::EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_SIGNALED, source.now());
    auto* attributes = event.mutable_external_workflow_execution_signaled_event_attributes();
    fill_outcome(initiated, item, pending.namespace_name(), attributes);
    attributes->set_control(initiated.control());
    settle(source, item, std::move(event));
    return;
  }
  history::HistoryEvent event =
      make_event(enums::EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED, source.now());
  auto* attributes = event.mutable_signal_external_workflow_execution_failed_event_attributes();
  fill_outcome(initiated, item, pending.namespace_name(), attributes);
  attributes->set_control(initiated.control());
  attributes->set_cause(
      refusal.code() == Code::kInvalidArgument
          ? enums::SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_SIGNAL_COUNT_LIMIT_EXCEEDED
          : enums::SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND);
  settle(source, item, std::move(event));
}

void deliver_cancel(Step& source, ItemKey item, Execution* target) {
  const auto pending = std::get<state::ExternalCancelState>(*source.run.find(item));
  const auto& initiated = pending.cancel();
  Status refusal = not_found(kRunNotFound);
  if (target != nullptr && target->key() != source.run.key()) {
    wire::RequestCancelWorkflowExecutionRequest request;
    request.set_identity(kHistoryService);
    request.set_request_id(pending.request_id());
    request.set_reason(initiated.reason());
    const Sender sender = sender_of(source.run, item, initiated.child_workflow_only());
    refusal = request_cancel_run(source.out, *target, request, &sender, source.context).status();
  }
  if (refusal.ok()) {
    history::HistoryEvent event =
        make_event(enums::EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED, source.now());
    fill_outcome(initiated, item, pending.namespace_name(),
                 event.mutable_external_workflow_execution_cancel_requested_event_attributes());
    settle(source, item, std::move(event));
    return;
  }
  history::HistoryEvent event =
      make_event(enums::EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED, source.now());
  auto* attributes = event.mutable_request_cancel_external_workflow_execution_failed_event_attributes();
  fill_outcome(initiated, item, pending.namespace_name(), attributes);
  attributes->set_cause(
      enums::CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND);
  settle(source, item, std::move(event));
}

}  // namespace perdure::engine
