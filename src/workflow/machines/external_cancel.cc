#include "workflow/machines/external_cancel.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "perdure/error.h"
#include "workflow/machines/transitions.h"

namespace perdure::workflow_core {
namespace {

using State = ExternalCancelMachine::State;
using Input = ExternalCancelMachine::Input;
using namespace temporal::api::enums::v1;  // NOLINT: the wire's enumerators have their type in their name

constexpr std::array kTransitions = std::to_array<Transition<ExternalCancelMachine>>({
    {State::kCommandCreated, Input::kRecorded, State::kInitiated},
    {State::kInitiated, Input::kClose, State::kClosed},
});

}  // namespace

void ExternalCancelMachine::step(Input input) {
  state_ =
      next_state(kTransitions, state_, input, *this, COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION);
}

Command ExternalCancelMachine::make_command(CommandType type) const {
  Command command;
  command.set_command_type(type);
  auto* attributes = command.mutable_request_cancel_external_workflow_execution_command_attributes();
  attributes->set_workflow_id(request_.workflow_id);
  attributes->set_run_id(request_.run_id);
  attributes->set_child_workflow_only(child_only_);
  attributes->set_reason(request_.reason);
  return command;
}

std::string ExternalCancelMachine::difference(CommandType, const HistoryEvent& event) const {
  const std::string& recorded = event.request_cancel_external_workflow_execution_initiated_event_attributes()
                                    .workflow_execution()
                                    .workflow_id();
  return recorded == request_.workflow_id
             ? ""
             : fmt::format("workflow id \"{}\" instead of \"{}\"", request_.workflow_id, recorded);
}

void ExternalCancelMachine::recorded(CommandType, const HistoryEvent&) { step(Input::kRecorded); }

// As the failures that Temporal's SDKs make of these events.
void ExternalCancelMachine::handle(const HistoryEvent& event) {
  step(Input::kClose);
  if (event.event_type() == EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED) {
    resolve(null_payload(), nullptr);
    return;
  }
  const auto cause = event.request_cancel_external_workflow_execution_failed_event_attributes().cause();
  const bool missing =
      cause == CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND ||
      cause == CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_NAMESPACE_NOT_FOUND;
  resolve({},
          std::make_exception_ptr(ApplicationError(
              fmt::format("Unable to cancel external workflow because {}", missing ? "not found" : "unknown"),
              {.type = missing ? "ExternalWorkflowExecutionNotFound" : "Unspecified"})));
}

std::string ExternalCancelMachine::describe(CommandType) const {
  return fmt::format("workflow id \"{}\"", request_.workflow_id);
}

}  // namespace perdure::workflow_core
