// Waiting for a workflow's result: long polls for the event that closes a run, and from run to run along a
// chain.
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "api/failure_conversion.h"
#include "api/payload_conversion.h"
#include "client/connection.h"
#include "client/later_call.h"
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

GetWorkflowExecutionHistoryRequest poll_for_close(const Connection& connection,
                                                  const WorkflowTarget& workflow) {
  GetWorkflowExecutionHistoryRequest request;
  request.set_namespace_(connection.namespace_name());
  request.mutable_execution()->set_workflow_id(workflow.id);
  request.mutable_execution()->set_run_id(workflow.run_id);
  request.set_wait_new_event(true);
  request.set_history_event_filter_type(temporal::api::enums::v1::HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT);
  request.set_skip_archival(true);
  return request;
}

// Turns an answer into the result, or the request into the next one.
std::optional<Payload> result_or_next(const Status& status,
                                      const GetWorkflowExecutionHistoryResponse& response,
                                      GetWorkflowExecutionHistoryRequest* request) {
  throw_if_failed(status);
  if (response.history().events().empty()) {
    // A poll that ran out, or (with a token) one that goes on where it was.
    request->set_next_page_token(response.next_page_token());
    return std::nullopt;
  }
  const HistoryEvent& event = response.history().events(response.history().events_size() - 1);
  const std::string next = next_run(event);
  if (next.empty()) {
    return result_of(event);
  }
  request->mutable_execution()->set_run_id(next);
  request->clear_next_page_token();
  return std::nullopt;
}

}  // namespace

Payload wait_for_result(Connection& connection, const WorkflowResultInput& input) {
  GetWorkflowExecutionHistoryRequest request = poll_for_close(connection, input.workflow);
  while (true) {
    GetWorkflowExecutionHistoryResponse response;
    const Status status =
        call_with_retry(connection, "GetWorkflowExecutionHistory", request, &response, CallKind::kLongPoll);
    if (std::optional<Payload> result = result_or_next(status, response, &request)) {
      return *std::move(result);
    }
  }
}

namespace {

void poll_later(const std::shared_ptr<Connection>& connection,
                const GetWorkflowExecutionHistoryRequest& request,
                std::function<void(Answer<Payload>)> done) {
  auto response = std::make_shared<GetWorkflowExecutionHistoryResponse>();
  GetWorkflowExecutionHistoryResponse* received = response.get();
  call_later(
      connection, "GetWorkflowExecutionHistory",
      std::make_shared<GetWorkflowExecutionHistoryRequest>(request), std::move(response), CallKind::kLongPoll,
      [weak = std::weak_ptr(connection), request = GetWorkflowExecutionHistoryRequest(request), received,
       done = std::move(done)](const Status& status, const std::exception_ptr& codec_error) mutable {
        std::optional<Payload> result;
        try {
          if (codec_error != nullptr) {
            std::rethrow_exception(codec_error);
          }
          result = result_or_next(status, *received, &request);
        } catch (...) {
          done(Answer<Payload>(std::current_exception()));
          return;
        }
        if (result) {
          done(Answer<Payload>(*std::move(result)));
        } else if (const std::shared_ptr<Connection> alive = weak.lock()) {
          poll_later(alive, request, std::move(done));
        }
      });
}

}  // namespace

void result_later(const std::shared_ptr<Connection>& connection, const WorkflowResultInput& input,
                  std::function<void(Answer<Payload>)> done) {
  poll_later(connection, poll_for_close(*connection, input.workflow), std::move(done));
}

}  // namespace perdure::client
