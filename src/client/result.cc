// Waiting for a workflow's result: long polls for the event that closes a run, and from run to run along a
// chain.
#include <chrono>

#include "api/failure_conversion.h"
#include "api/payload_conversion.h"
#include "client/connection.h"
#include "client/outbound.h"
#include "client/rpc_error.h"
#include "perdure/error.h"
#include "temporal/api/history/v1/message.pb.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::client {
namespace {

using temporal::api::history::v1::HistoryEvent;
using temporal::api::workflowservice::v1::GetWorkflowExecutionHistoryRequest;
using temporal::api::workflowservice::v1::GetWorkflowExecutionHistoryResponse;

// The event that closes `run_id`, once there is one.
HistoryEvent wait_for_close(Connection& connection, const std::string& workflow_id,
                            const std::string& run_id) {
  GetWorkflowExecutionHistoryRequest request;
  request.set_namespace_(connection.namespace_name());
  request.mutable_execution()->set_workflow_id(workflow_id);
  request.mutable_execution()->set_run_id(run_id);
  request.set_wait_new_event(true);
  request.set_history_event_filter_type(temporal::api::enums::v1::HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT);
  request.set_skip_archival(true);
  while (true) {
    GetWorkflowExecutionHistoryResponse response;
    throw_if_failed(
        call_with_retry(connection, "GetWorkflowExecutionHistory", request, &response, CallKind::kLongPoll));
    if (const auto& events = response.history().events(); !events.empty()) {
      return events.Get(events.size() - 1);
    }
    // An empty answer is a poll that ran out, or (with a token) one that goes on where it was.
    request.set_next_page_token(response.next_page_token());
  }
}

template <class E, class... Arguments>
[[noreturn]] void fail(Arguments&&... arguments) {
  throw WorkflowFailureError(std::make_shared<const E>(std::forward<Arguments>(arguments)...));
}

Payload first_payload(const temporal::api::common::v1::Payloads& payloads) {
  return payloads.payloads().empty() ? null_payload() : api::payload_from_proto(payloads.payloads(0));
}

// The id of the run that continues the one which `event` closed; empty: none.
std::string next_run(const HistoryEvent& event) {
  if (event.has_workflow_execution_continued_as_new_event_attributes()) {
    return event.workflow_execution_continued_as_new_event_attributes().new_execution_run_id();
  }
  if (event.has_workflow_execution_completed_event_attributes()) {
    return event.workflow_execution_completed_event_attributes().new_execution_run_id();
  }
  if (event.has_workflow_execution_failed_event_attributes()) {
    return event.workflow_execution_failed_event_attributes().new_execution_run_id();
  }
  if (event.has_workflow_execution_timed_out_event_attributes()) {
    return event.workflow_execution_timed_out_event_attributes().new_execution_run_id();
  }
  return "";
}

Payload result_of(const HistoryEvent& event) {
  if (event.has_workflow_execution_completed_event_attributes()) {
    return first_payload(event.workflow_execution_completed_event_attributes().result());
  }
  if (event.has_workflow_execution_failed_event_attributes()) {
    throw WorkflowFailureError(
        api::failure_to_error(event.workflow_execution_failed_event_attributes().failure()));
  }
  if (event.has_workflow_execution_canceled_event_attributes()) {
    const auto& details = event.workflow_execution_canceled_event_attributes().details();
    fail<CancelledError>("Workflow cancelled", api::payloads_from_proto(details), FailureError::Data{});
  }
  if (event.has_workflow_execution_terminated_event_attributes()) {
    const std::string& reason = event.workflow_execution_terminated_event_attributes().reason();
    fail<TerminatedError>(reason.empty() ? "Workflow terminated" : reason);
  }
  if (event.has_workflow_execution_timed_out_event_attributes()) {
    fail<TimeoutError>("Workflow timed out", TimeoutType::kStartToClose);
  }
  throw RpcError(RpcStatusCode::kInternal, "the service returned an event that closes no workflow: type " +
                                               std::to_string(static_cast<int>(event.event_type())));
}

}  // namespace

Payload wait_for_result(Connection& connection, const WorkflowResultInput& input) {
  std::string run_id = input.workflow.run_id;
  while (true) {
    const HistoryEvent event = wait_for_close(connection, input.workflow.id, run_id);
    const std::string next = next_run(event);
    if (next.empty()) {
      return result_of(event);
    }
    run_id = next;
  }
}

}  // namespace perdure::client
