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
               .start_activity =
                   [this](detail::ActivityRequest request) { return schedule_activity(std::move(request)); },
               .start_local_activity =
                   [this](detail::LocalActivityRequest request) {
                     return schedule_local_activity(std::move(request));
                   },
               .start_timer = [this](StartTimerInput input) { return schedule_timer(std::move(input)); },
               .continue_as_new =
                   [this](const workflow::ContinueAsNew& request) { close_with_continue_as_new(request); }});
}

Task<void> WorkflowRun::Core::run_signal(const HandleSignalInput& input) {
  for (const detail::SignalDefinition& handler : definition_.signals) {
    if (handler.name != input.signal) {
      continue;
    }
    try {
      return handler.start(instance_->object(), input.args);
    } catch (const DataConversionError& error) {
      warnings_.push_back(fmt::format("signal \"{}\" is dropped: {}", input.signal, error.what()));
      return nothing();
    }
  }
  warnings_.push_back(fmt::format("workflow type {} has no handler for signal \"{}\"; it is ignored",
                                  definition_.name, input.signal));
  return nothing();
}

}  // namespace perdure::workflow_core
