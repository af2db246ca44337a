#include "workflow/machines/child_workflow.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "api/convert.h"
#include "api/failure_conversion.h"
#include "api/payload_conversion.h"
#include "workflow/machines/external_cancel.h"
#include "workflow/machines/transitions.h"

namespace perdure::workflow_core {
namespace {

using temporal::api::failure::v1::Failure;
using State = ChildWorkflowMachine::State;
using Input = ChildWorkflowMachine::Input;
using CancellationType = ChildWorkflowCancellationType;
using namespace temporal::api::enums::v1;  // NOLINT: the wire's enumerators have their type in their name

constexpr std::array kTransitions = std::to_array<Transition<ChildWorkflowMachine>>({
    {State::kCommandCreated, Input::kRecorded, State::kInitiated},
    {State::kCommandCreated, Input::kCancelRequest, State::kDropped},
    {State::kInitiated, Input::kStarted, State::kStarted},
    {State::kInitiated, Input::kCancelRequest, State::kInitiatedCancel},
    {State::kInitiatedCancel, Input::kStarted, State::kStartedCancel},
    {State::kStarted, Input::kCancelRequest, State::kStartedCancel},
    {State::kInitiated, Input::kEnding, State::kEnding},
    {State::kStarted, Input::kEnding, State::kEnding},
    {State::kInitiatedCancel, Input::kEnding, State::kEnding},
    {State::kStartedCancel, Input::kEnding, State::kEnding},
    // Its start came with the same workflow task.
    {State::kEnding, Input::kStarted, State::kEnding},
    {State::kEnding, Input::kClose, State::kClosed},
});

void set_timeout(const std::optional<std::chrono::nanoseconds>& timeout,
                 google::protobuf::Duration* (*field)(
                     temporal::api::command::v1::StartChildWorkflowExecutionCommandAttributes*),
                 temporal::api::command::v1::StartChildWorkflowExecutionCommandAttributes* attributes) {
  if (timeout && timeout->count() != 0) {
    api::set_duration(field(attributes), *timeout);
  }
}

}  // namespace

// What is awaited for the start: to cancel it cancels the child.
class ChildWorkflowMachine::Start final : public detail::Operation {
 public:
  explicit Start(ChildWorkflowMachine& child) : child_(&child) {}
  void cancel() override {
    if (child_ != nullptr) {
      child_->cancel();
    }
  }
  void finish(std::exception_ptr failure) { resolve(null_payload(), std::move(failure)); }
  void leave() { child_ = nullptr; }

 private:
  ChildWorkflowMachine* child_;
};

namespace {

// Keeps the child alive as long as its start is awaited.
template <class StartType>
std::shared_ptr<detail::Operation> share(const std::shared_ptr<ChildWorkflowMachine>& child,
                                         const std::shared_ptr<StartType>& start) {
  return {child, start.get()};
}

}  // namespace

ChildWorkflowMachine::ChildWorkflowMachine(detail::ChildWorkflowRequest request, std::string namespace_name,
                                           std::shared_ptr<Outbox> outbox)
    : request_(std::move(request)),
      namespace_(std::move(namespace_name)),
      outbox_(std::move(outbox)),
      start_(std::make_shared<Start>(*this)) {}

ChildWorkflowMachine::~ChildWorkflowMachine() {
  start_->leave();
  if (cancel_request_ != nullptr) {
    cancel_request_->unlisten(this);
  }
}

std::shared_ptr<detail::Operation> ChildWorkflowMachine::started() {
  return share(shared_from_this(), start_);
}

void ChildWorkflowMachine::step(Input input) {
  state_ = next_state(kTransitions, state_, input, *this, COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION);
}

void ChildWorkflowMachine::cancel() {
  outbox_->check_writable("cancel a child workflow");
  const bool asked = state_ == State::kInitiatedCancel || state_ == State::kStartedCancel;
  if (outbox_->closed || done() || asked || state_ == State::kEnding) {
    return;
  }
  step(Input::kCancelRequest);
  if (state_ == State::kDropped) {
    resolve_cancelled("Child Workflow Execution cancelled before scheduled: ");
    return;
  }
  const CancellationType type = request_.options.cancellation_type;
  if (type != CancellationType::kAbandon) {
    ask_to_cancel();
  }
  if (type == CancellationType::kAbandon || type == CancellationType::kTryCancel) {
    resolve_cancelled("Child Workflow execution cancelled");
  }
}

void ChildWorkflowMachine::ask_to_cancel() {
  auto request = std::make_shared<ExternalCancelMachine>(
      detail::CancelExternalRequest{workflow_id(), run_id_, "", request_.where}, true);
  outbox_->commands.push_back(
      {COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION, request, request_.where});
  if (request_.options.cancellation_type == CancellationType::kWaitCancellationRequested) {
    cancel_request_ = std::move(request);
    cancel_request_->listen(this);
  }
}

void ChildWorkflowMachine::operation_done(const detail::Operation&) {
  const std::shared_ptr<detail::Operation> request = std::exchange(cancel_request_, nullptr);
  if (!request->failed()) {  // else the child has ended, which is on its way
    resolve_cancelled("Child Workflow execution cancelled");
  }
}

Command ChildWorkflowMachine::make_command(CommandType type) const {
  using Attributes = temporal::api::command::v1::StartChildWorkflowExecutionCommandAttributes;
  const ChildWorkflowOptions& options = request_.options;
  Command command;
  command.set_command_type(type);
  auto* attributes = command.mutable_start_child_workflow_execution_command_attributes();
  attributes->set_workflow_id(options.id);
  attributes->mutable_workflow_type()->set_name(request_.workflow_type);
  attributes->mutable_task_queue()->set_name(options.task_queue);
  attributes->mutable_task_queue()->set_kind(TASK_QUEUE_KIND_NORMAL);
  if (!request_.arguments.empty()) {
    api::set_payloads(attributes->mutable_input(), request_.arguments);
  }
  if (!request_.headers.empty()) {
    api::set_headers(attributes->mutable_header(), request_.headers);
  }
  set_timeout(
      options.execution_timeout, [](Attributes* a) { return a->mutable_workflow_execution_timeout(); },
      attributes);
  set_timeout(
      options.run_timeout, [](Attributes* a) { return a->mutable_workflow_run_timeout(); }, attributes);
  set_timeout(
      options.task_timeout, [](Attributes* a) { return a->mutable_workflow_task_timeout(); }, attributes);
  attributes->set_parent_close_policy(
      static_cast<temporal::api::enums::v1::ParentClosePolicy>(options.parent_close_policy));
  attributes->set_workflow_id_reuse_policy(
      static_cast<temporal::api::enums::v1::WorkflowIdReusePolicy>(options.id_reuse_policy));
  if (options.retry_policy) {
    api::set_retry_policy(attributes->mutable_retry_policy(), *options.retry_policy);
  }
  attributes->set_cron_schedule(options.cron_schedule);
  for (const auto& [key, payload] : options.memo) {
    api::set_payload(&(*attributes->mutable_memo()->mutable_fields())[key], payload);
  }
  for (const auto& [name, payload] : options.search_attributes.fields()) {
    api::set_payload(&(*attributes->mutable_search_attributes()->mutable_indexed_fields())[name], payload);
  }
  if (!options.static_summary.empty()) {
    api::set_payload(command.mutable_user_metadata()->mutable_summary(), to_payload(options.static_summary));
  }
  if (!options.static_details.empty()) {
    api::set_payload(command.mutable_user_metadata()->mutable_details(), to_payload(options.static_details));
  }
  return command;
}

std::string ChildWorkflowMachine::difference(CommandType, const HistoryEvent& event) const {
  const auto& recorded = event.start_child_workflow_execution_initiated_event_attributes();
  if (recorded.workflow_type().name() != request_.workflow_type) {
    return fmt::format("workflow type \"{}\" instead of \"{}\"", request_.workflow_type,
                       recorded.workflow_type().name());
  }
  if (recorded.workflow_id() != workflow_id()) {
    return fmt::format("workflow id \"{}\" instead of \"{}\"", workflow_id(), recorded.workflow_id());
  }
  return "";
}

void ChildWorkflowMachine::recorded(CommandType, const HistoryEvent& event) {
  step(Input::kRecorded);
  initiated_event_id_ = event.event_id();
  request_.arguments = {};  // history has them
}

bool ChildWorkflowMachine::is_last(const HistoryEvent& event) const {
  return event.event_type() != EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED;
}

void ChildWorkflowMachine::handle(const HistoryEvent& event) {
  if (event.event_type() == EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED) {
    step(Input::kStarted);
    started_event_id_ = event.event_id();
    run_id_ = event.child_workflow_execution_started_event_attributes().workflow_execution().run_id();
    start_->finish(nullptr);
    return;
  }
  step(Input::kClose);
  if (event.event_type() == EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_FAILED) {
    start_failed(event);
  } else {
    close(event);
  }
}

void ChildWorkflowMachine::start_failed(const HistoryEvent& event) {
  const auto cause = event.start_child_workflow_execution_failed_event_attributes().cause();
  if (cause == START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_WORKFLOW_ALREADY_EXISTS) {
    fail(std::make_exception_ptr(WorkflowAlreadyStartedError(workflow_id(), request_.workflow_type, "")));
    return;
  }
  Failure failure =
      failure_of("Child Workflow execution could not be started", RETRY_STATE_NON_RETRYABLE_FAILURE);
  failure.mutable_cause()->set_message(cause ==
                                               START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_NAMESPACE_NOT_FOUND
                                           ? fmt::format("there is no namespace \"{}\"", namespace_)
                                           : "Unknown child start fail cause");
  failure.mutable_cause()->mutable_application_failure_info()->set_type("ChildStartFailed");
  fail(failure);
}

// As the failures that Temporal's SDKs make of these events.
void ChildWorkflowMachine::close(const HistoryEvent& event) {
  switch (event.event_type()) {
    case EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED: {
      const auto& result = event.child_workflow_execution_completed_event_attributes().result();
      resolve(result.payloads().empty() ? null_payload() : api::payload_from_proto(result.payloads(0)),
              nullptr);
      break;
    }
    case EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED: {
      const auto& attributes = event.child_workflow_execution_failed_event_attributes();
      Failure failure = failure_of("Child Workflow execution failed", attributes.retry_state());
      *failure.mutable_cause() = attributes.failure();
      fail(failure);
      break;
    }
    case EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TIMED_OUT: {
      Failure failure = failure_of("Child Workflow execution timed out",
                                   event.child_workflow_execution_timed_out_event_attributes().retry_state());
      *failure.mutable_cause() = api::timeout_failure("Timed out", TIMEOUT_TYPE_START_TO_CLOSE);
      fail(failure);
      break;
    }
    case EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TERMINATED: {
      Failure failure = failure_of("Child Workflow execution terminated", RETRY_STATE_NON_RETRYABLE_FAILURE);
      failure.mutable_cause()->set_message("Terminated");
      failure.mutable_cause()->mutable_terminated_failure_info();
      fail(failure);
      break;
    }
    default:
      resolve_cancelled("Child Workflow execution cancelled");
      break;
  }
}

Failure ChildWorkflowMachine::failure_of(const char* message,
                                         temporal::api::enums::v1::RetryState retry_state) const {
  Failure failure;
  failure.set_message(message);
  auto* info = failure.mutable_child_workflow_execution_failure_info();
  info->set_namespace_(namespace_);
  info->mutable_workflow_execution()->set_workflow_id(workflow_id());
  info->mutable_workflow_execution()->set_run_id(run_id_);
  info->mutable_workflow_type()->set_name(request_.workflow_type);
  info->set_initiated_event_id(initiated_event_id_);
  info->set_started_event_id(started_event_id_);
  info->set_retry_state(retry_state);
  return failure;
}

void ChildWorkflowMachine::resolve_cancelled(const char* message) {
  Failure failure = failure_of(message, RETRY_STATE_NON_RETRYABLE_FAILURE);
  failure.mutable_cause()->mutable_canceled_failure_info();
  fail(failure);
}

void ChildWorkflowMachine::fail(const Failure& failure) { fail(api::failure_to_exception(failure)); }

void ChildWorkflowMachine::fail(const std::exception_ptr& failure) {
  start_->finish(failure);
  resolve({}, failure);
}

std::string ChildWorkflowMachine::describe(CommandType) const {
  return fmt::format("workflow id \"{}\", type \"{}\"", workflow_id(), request_.workflow_type);
}

}  // namespace perdure::workflow_core
