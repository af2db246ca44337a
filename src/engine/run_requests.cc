// Signals, cancellation and termination from outside: api/signalworkflow, api/requestcancelworkflow and
// api/terminateworkflow of Temporal.
#include "engine/run_requests.h"

#include "base/limits.h"
#include "base/planted.h"
#include "engine/close.h"
#include "engine/commit.h"
#include "engine/engine.h"
#include "engine/execution.h"
#include "engine/history.h"
#include "engine/links.h"
#include "engine/machines/workflow_task.h"

namespace perdure::engine {

namespace {

wire::SignalWorkflowExecutionResponse signal_response(const Execution& run, const std::string& request_id) {
  wire::SignalWorkflowExecutionResponse response;
  *response.mutable_link() =
      request_link(run.key().namespace_name.value, run.key().workflow_id.value, run.run_id().value,
                   request_id, enums::EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED);
  return response;
}

Status check_sender(const Execution& run, const Sender* sender) {
  if (sender == nullptr || !sender->to_its_children_only) {
    return {};
  }
  const state::ParentRun& parent = run.info().parent();
  return parent.workflow_id() == sender->run.workflow_id() && parent.run_id() == sender->run.run_id()
             ? Status()
             : not_found("workflow parent does not match");
}

// A request that names the first run of a chain means any of its runs, and no other chain's.
bool is_of_other_chain(const Execution& run, const std::string& first_run_id) {
  return !first_run_id.empty() && first_run_id != run.info().first_run_id();
}

}  // namespace

bool is_in_backoff(const Execution& run) {
  return run.info().execution_time() > run.info().start_time() && !run.info().had_workflow_task();
}

Status check_signal(const Execution& run, const common::Payloads& input) {
  if (input.ByteSizeLong() > limits::kBlobError) {
    return invalid_argument("Blob data size exceeds limit.");
  }
  if (run.info().signal_count() >= limits::kSignals) {
    return invalid_argument("exceeded workflow execution limit for signal events");
  }
  return {};
}

void add_signal(Step& step, const wire::SignalWorkflowExecutionRequest& request, const Sender* sender) {
  Execution& run = step.run;
  const std::string& request_id = request.request_id();
  if (sender == nullptr && !request_id.empty() && !run.knows_signal_request(request_id)) {
    run.add_signal_request(request_id);
  }
  run.info().set_signal_count(run.info().signal_count() + 1);
  history::HistoryEvent event = make_event(enums::EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED, step.now());
  *event.mutable_links() = request.links();
  auto* attributes = event.mutable_workflow_execution_signaled_event_attributes();
  attributes->set_signal_name(request.signal_name());
  if (request.has_input()) {
    *attributes->mutable_input() = request.input();
  }
  attributes->set_identity(request.identity());
  if (request.has_header()) {
    *attributes->mutable_header() = request.header();
  }
  if (sender != nullptr) {
    *attributes->mutable_external_workflow_execution() = sender->run;
  }
  attributes->set_request_id(request_id);
  append_event(run, std::move(event));
}

Result<wire::SignalWorkflowExecutionResponse> signal_run(Outcome& out, Execution& run,
                                                         const wire::SignalWorkflowExecutionRequest& request,
                                                         const Sender* sender, const Context& context) {
  const std::string& request_id = request.request_id();
  // Before everything else: the retry of a delivered signal succeeds even if the run has closed since.
  if (!request_id.empty() && run.knows_signal_request(request_id) &&
      !planted(PlantedBug::kNoRequestIdDedup)) {
    return signal_response(run, request_id);
  }
  if (!run.running()) {
    return not_found(kRunClosed);
  }
  if (Status refusal = check_signal(run, request.input()); !refusal.ok()) {
    return refusal;
  }
  if (Status refusal = check_sender(run, sender); !refusal.ok()) {
    return refusal;
  }
  Step step{out, run, context};
  add_signal(step, request, sender);
  if (!is_in_backoff(run)) {
    schedule_workflow_task_if_none(step);
  }
  commit(step);
  return signal_response(run, request_id);
}

Result<wire::RequestCancelWorkflowExecutionResponse> request_cancel_run(
    Outcome& out, Execution& run, const wire::RequestCancelWorkflowExecutionRequest& request,
    const Sender* sender, const Context& context) {
  if (!run.running()) {
    return wire::RequestCancelWorkflowExecutionResponse();  // what was asked for is so
  }
  if (is_of_other_chain(run, request.first_execution_run_id())) {
    return not_found(kRunNotFound);
  }
  if (Status refusal = check_sender(run, sender); !refusal.ok()) {
    return refusal;
  }
  if (run.info().cancel_requested()) {
    return wire::RequestCancelWorkflowExecutionResponse();
  }
  Step step{out, run, context};
  run.info().set_cancel_requested(true);
  run.info().set_cancel_request_id(request.request_id());
  history::HistoryEvent event = make_event(enums::EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED, step.now());
  *event.mutable_links() = request.links();
  auto* attributes = event.mutable_workflow_execution_cancel_requested_event_attributes();
  attributes->set_cause(request.reason());
  attributes->set_identity(request.identity());
  if (sender != nullptr) {
    attributes->set_external_initiated_event_id(sender->initiated_event_id);
    *attributes->mutable_external_workflow_execution() = sender->run;
  }
  append_event(run, std::move(event));
  schedule_workflow_task_if_none(step);
  commit(step);
  return wire::RequestCancelWorkflowExecutionResponse();
}

Result<wire::TerminateWorkflowExecutionResponse> terminate_run_of(
    Outcome& out, Execution& run, const wire::TerminateWorkflowExecutionRequest& request,
    const Sender* sender, const Context& context) {
  if (!run.running()) {
    return not_found(kRunClosed);
  }
  if (is_of_other_chain(run, request.first_execution_run_id())) {
    return not_found(kRunNotFound);
  }
  if (Status refusal = check_sender(run, sender); !refusal.ok()) {
    return refusal;
  }
  Step step{out, run, context};
  terminate_run(step, {.reason = request.reason(),
                       .details = request.has_details() ? &request.details() : nullptr,
                       .identity = request.identity(),
                       .links = &request.links()});
  commit(step);
  return wire::TerminateWorkflowExecutionResponse();
}

Result<wire::SignalWorkflowExecutionResponse> signal_workflow(
    Outcome& out, Execution& run, const wire::SignalWorkflowExecutionRequest& request,
    const Context& context) {
  return signal_run(out, run, request, nullptr, context);
}

Result<wire::RequestCancelWorkflowExecutionResponse> request_cancel_workflow(
    Outcome& out, Execution& run, const wire::RequestCancelWorkflowExecutionRequest& request,
    const Context& context) {
  return request_cancel_run(out, run, request, nullptr, context);
}

Result<wire::TerminateWorkflowExecutionResponse> terminate_workflow(
    Outcome& out, Execution& run, const wire::TerminateWorkflowExecutionRequest& request,
    const Context& context) {
  return terminate_run_of(out, run, request, nullptr, context);
}

}  // namespace perdure::engine
