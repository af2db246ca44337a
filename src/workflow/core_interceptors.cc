// What the interceptors of a run stand around.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "perdure/data_conversion_error.h"
#include "workflow/core.h"

namespace perdure::workflow_core {
namespace {

Task<void> nothing() { co_return; }

}  // namespace

void WorkflowRun::Core::make_interception() {
  if (interceptors_.empty()) {
    return;
  }
  interception_ = std::make_unique<Interception>(
      interceptors_,
      RunCalls{.execute_workflow =
                   [this](const ExecuteWorkflowInput& input) { return instance_->run(input.args); },
               .handle_signal = [this](const HandleSignalInput& input) { return run_signal(input); },
               .handle_query = [this](const HandleQueryInput& input) { return answer_query(input); },
               .handle_update_validator =
                   [this](const HandleUpdateInput& input) {
                     const auto handler = find_update_handler(input.update);
                     if (handler && handler->validate) {
                       handler->validate(input.update, input.args);
                     }
                   },
               .handle_update_handler =
                   [this](const HandleUpdateInput& input) {
                     return find_update_handler(input.update).value().start(input.update, input.args);
                   },
               .start_activity =
                   [this](detail::ActivityRequest request) { return schedule_activity(std::move(request)); },
               .start_child_workflow =
                   [this](detail::ChildWorkflowRequest request) {
                     return schedule_child_workflow(std::move(request));
                   },
               .signal_external =
                   [this](detail::SignalExternalRequest request) {
                     return schedule_signal_external(std::move(request));
                   },
               .cancel_external =
                   [this](detail::CancelExternalRequest request) {
                     return schedule_cancel_external(std::move(request));
                   },
               .start_local_activity =
                   [this](detail::LocalActivityRequest request) {
                     return schedule_local_activity(std::move(request));
                   },
               .start_timer = [this](StartTimerInput input) { return schedule_timer(std::move(input)); },
               .continue_as_new =
                   [this](const workflow::ContinueAsNew& request) { close_with_continue_as_new(request); }});
}

Task<void> WorkflowRun::Core::run_signal(const HandleSignalInput& input) {
  if (const auto handler = find_signal_handler(input.signal)) {
    try {
      return handler->start(input.signal, input.args);
    } catch (const DataConversionError& error) {
      warnings_.push_back(fmt::format("signal \"{}\" is dropped: {}", input.signal, error.what()));
      return nothing();
    }
  }
  warnings_.push_back(fmt::format("workflow type {} has no handler for signal \"{}\"; it is ignored",
                                  info_.workflow_type, input.signal));
  return nothing();
}

}  // namespace perdure::workflow_core
