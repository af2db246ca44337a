#pragma once
// Signals and requests to cancel, whoever sends them: a client, or another run.
#include <cstdint>

#include "engine/engine.h"
#include "engine/names.h"
#include "engine/step.h"

namespace perdure::engine {

// The run that sends something to another one.
struct Sender {
  common::WorkflowExecution run;
  std::int64_t initiated_event_id = 0;
  bool to_its_children_only = false;
};

inline constexpr const char* kRunClosed = "workflow execution already completed";
inline constexpr const char* kRunNotFound = "workflow execution not found";

// The first workflow task waits for its backoff; what arrives until then waits with it.
bool is_in_backoff(const Execution& run);
// OK: the run takes one more signal with such an input.
Status check_signal(const Execution& run, const common::Payloads& input);
// Appends the event and remembers the request id.
void add_signal(Step& step, const wire::SignalWorkflowExecutionRequest& request, const Sender* sender);

// As the commands of engine.h. `sender`: null, or the run that asks; what it sends arrives once anyway, with
// the transition that takes it from the sender's outbox.
Result<wire::SignalWorkflowExecutionResponse> signal_run(Outcome& out, Execution& run,
                                                         const wire::SignalWorkflowExecutionRequest& request,
                                                         const Sender* sender, const Context& context);
Result<wire::RequestCancelWorkflowExecutionResponse> request_cancel_run(
    Outcome& out, Execution& run, const wire::RequestCancelWorkflowExecutionRequest& request,
    const Sender* sender, const Context& context);
Result<wire::TerminateWorkflowExecutionResponse> terminate_run_of(
    Outcome& out, Execution& run, const wire::TerminateWorkflowExecutionRequest& request,
    const Sender* sender, const Context& context);

}  // namespace perdure::engine
