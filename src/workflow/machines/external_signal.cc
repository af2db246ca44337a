#include "workflow/machines/external_signal.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "api/payload_conversion.h"
#include "perdure/error.h"
#include "workflow/machines/transitions.h"

namespace perdure::workflow_core {
namespace {

using State = ExternalSignalMachine::State;
using Input = ExternalSignalMachine::Input;
using namespace temporal::api::enums::v1;  // NOLINT: the wire's enumerators have their type in their name

constexpr std::array kTransitions = std::to_array<Transition<ExternalSignalMachine>>({
    {State::kCommandCreated, Input::kRecorded, State::kInitiated},
    {State::kCommandCreated, Input::kCancelRequest, State::kDropped},
    {State::kInitiated, Input::kCancelRequest, State::kInitiated},
    {State::kInitiated, Input::kClose, State::kClosed},
});

struct Cause {
  const char* type;
  const char* reason;
};

// As the failures that Temporal's SDKs make of these events.
Cause describe_cause(SignalExternalWorkflowExecutionFailedCause cause) {
  switch (cause) {
    case SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND:
      return {"ExternalWorkflowExecutionNotFound", "it was not found"};
    case SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_NAMESPACE_NOT_FOUND:
      return {"NamespaceNotFound", "it was not found"};
    case SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_SIGNAL_COUNT_LIMIT_EXCEEDED:
      return {"SignalCountLimitExceeded", "The per-workflow signal limit was exceeded"};
    default:
      return {"Unspecified", "unknown"};
  }
}

}  // namespace

void ExternalSignalMachine::step(Input input) {
  state_ = next_state(kTransitions, state_, input, *this, COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION);
}

void ExternalSignalMachine::cancel() {
  outbox_->check_writable("cancel a signal");
  if (outbox_->closed || done()) {
    return;
  }
  step(Input::kCancelRequest);
  if (state_ == State::kDropped) {
    resolve({}, std::make_exception_ptr(CancelledError("Signal was cancelled before being sent")));
  }
}

Command ExternalSignalMachine::make_command(CommandType type) const {
  Command command;
  command.set_command_type(type);
  auto* attributes = command.mutable_signal_external_workflow_execution_command_attributes();
  attributes->mutable_execution()->set_workflow_id(request_.workflow_id);
  attributes->mutable_execution()->set_run_id(request_.run_id);
  attributes->set_signal_name(request_.signal);
  if (!request_.arguments.empty()) {
    api::set_payloads(attributes->mutable_input(), request_.arguments);
  }
  if (!request_.headers.empty()) {
    api::set_headers(attributes->mutable_header(), request_.headers);
  }
  attributes->set_child_workflow_only(request_.child);
  return command;
}

std::string ExternalSignalMachine::difference(CommandType, const HistoryEvent& event) const {
  const auto& recorded = event.signal_external_workflow_execution_initiated_event_attributes();
  if (recorded.workflow_execution().workflow_id() != request_.workflow_id) {
    return fmt::format("workflow id \"{}\" instead of \"{}\"", request_.workflow_id,
                       recorded.workflow_execution().workflow_id());
  }
  if (recorded.signal_name() != request_.signal) {
    return fmt::format("signal \"{}\" instead of \"{}\"", request_.signal, recorded.signal_name());
  }
  return "";
}

void ExternalSignalMachine::recorded(CommandType, const HistoryEvent&) {
  step(Input::kRecorded);
  request_.arguments = {};  // history has them
}

void ExternalSignalMachine::handle(const HistoryEvent& event) {
  step(Input::kClose);
  if (event.event_type() == EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_SIGNALED) {
    resolve(null_payload(), nullptr);
    return;
  }
  const Cause cause =
      describe_cause(event.signal_external_workflow_execution_failed_event_attributes().cause());
  resolve({}, std::make_exception_ptr(
                  ApplicationError(fmt::format("Unable to signal external workflow because {}", cause.reason),
                                   {.type = cause.type})));
}

std::string ExternalSignalMachine::describe(CommandType) const {
  return fmt::format("signal \"{}\" to workflow id \"{}\"", request_.signal, request_.workflow_id);
}

}  // namespace perdure::workflow_core
