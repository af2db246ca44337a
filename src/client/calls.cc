// What a handle does with a workflow that exists.
#include <google/protobuf/util/json_util.h>

#include <utility>

#include "api/convert.h"
#include "api/payload_conversion.h"
#include "client/connection.h"
#include "client/outbound.h"
#include "client/rpc_error.h"
#include "perdure/detail/client_calls.h"
#include "perdure/error.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::client {
namespace {

namespace service = temporal::api::workflowservice::v1;

// A handle from a start means the chain: what it reads is that of the current run.
void set_execution(temporal::api::common::v1::WorkflowExecution* execution, const WorkflowTarget& workflow) {
  execution->set_workflow_id(workflow.id);
  if (workflow.first_execution_run_id.empty()) {
    execution->set_run_id(workflow.run_id);
  }
}

// A handle from a start means the whole chain that began with it, so that it still works when the workflow
// has continued as new; one that was asked for a run means that run.
template <class Request>
void set_target(Request* request, const WorkflowTarget& workflow) {
  auto* execution = request->mutable_workflow_execution();
  execution->set_workflow_id(workflow.id);
  if (workflow.first_execution_run_id.empty()) {
    execution->set_run_id(workflow.run_id);
  } else {
    request->set_first_execution_run_id(workflow.first_execution_run_id);
  }
}

std::chrono::system_clock::time_point to_time_point(const google::protobuf::Timestamp& time) {
  return std::chrono::system_clock::time_point(
      std::chrono::duration_cast<std::chrono::system_clock::duration>(Duration(api::from_proto(time).nanos)));
}

WorkflowExecutionDescription description_of(const service::DescribeWorkflowExecutionResponse& response) {
  const auto& info = response.workflow_execution_info();
  WorkflowExecutionDescription description{.id = info.execution().workflow_id(),
                                           .run_id = info.execution().run_id(),
                                           .first_run_id = info.first_run_id(),
                                           .workflow_type = info.type().name(),
                                           .task_queue = info.task_queue(),
                                           .status = static_cast<WorkflowExecutionStatus>(info.status()),
                                           .start_time = to_time_point(info.start_time()),
                                           .close_time = std::nullopt,
                                           .history_length = info.history_length(),
                                           .pending_activities = response.pending_activities_size()};
  if (description.task_queue.empty()) {
    description.task_queue = response.execution_config().task_queue().name();
  }
  if (info.has_close_time()) {
    description.close_time = to_time_point(info.close_time());
  }
  return description;
}

}  // namespace

PreparedCall<void> prepare_signal(Connection& connection, const SignalWorkflowInput& input) {
  service::SignalWorkflowExecutionRequest request;
  request.set_namespace_(connection.namespace_name());
  request.set_identity(connection.identity());
  request.set_request_id(connection.fresh_id());
  request.set_signal_name(input.signal);
  set_execution(request.mutable_workflow_execution(), input.workflow);
  if (!input.args.empty()) {
    api::set_payloads(request.mutable_input(), input.args);
  }
  if (!input.headers.empty()) {
    api::set_headers(request.mutable_header(), input.headers);
  }
  return prepare<void, service::SignalWorkflowExecutionResponse>(
      "SignalWorkflowExecution", std::move(request),
      [](const Status& status, const auto&) { throw_if_failed(status); });
}

PreparedCall<void> prepare_cancel(Connection& connection, const CancelWorkflowInput& input) {
  service::RequestCancelWorkflowExecutionRequest request;
  request.set_namespace_(connection.namespace_name());
  request.set_identity(connection.identity());
  request.set_request_id(connection.fresh_id());
  request.set_reason(input.reason);
  set_target(&request, input.workflow);
  return prepare<void, service::RequestCancelWorkflowExecutionResponse>(
      "RequestCancelWorkflowExecution", std::move(request),
      [](const Status& status, const auto&) { throw_if_failed(status); });
}

PreparedCall<void> prepare_terminate(Connection& connection, const TerminateWorkflowInput& input) {
  service::TerminateWorkflowExecutionRequest request;
  request.set_namespace_(connection.namespace_name());
  request.set_identity(connection.identity());
  request.set_reason(input.reason);
  set_target(&request, input.workflow);
  return prepare<void, service::TerminateWorkflowExecutionResponse>(
      "TerminateWorkflowExecution", std::move(request),
      [](const Status& status, const auto&) { throw_if_failed(status); });
}

PreparedCall<WorkflowExecutionDescription> prepare_describe(Connection& connection,
                                                            const DescribeWorkflowInput& input) {
  service::DescribeWorkflowExecutionRequest request;
  request.set_namespace_(connection.namespace_name());
  set_execution(request.mutable_execution(), input.workflow);
  return prepare<WorkflowExecutionDescription, service::DescribeWorkflowExecutionResponse>(
      "DescribeWorkflowExecution", std::move(request), [](const Status& status, const auto& response) {
        throw_if_failed(status);
        return description_of(response);
      });
}

}  // namespace perdure::client

namespace perdure::detail {

namespace service = temporal::api::workflowservice::v1;

std::string fetch_history_json(const WorkflowReference& workflow) {
  client::Connection& connection = *workflow.connection;
  service::GetWorkflowExecutionHistoryRequest request;
  request.set_namespace_(connection.namespace_name());
  request.mutable_execution()->set_workflow_id(workflow.workflow_id);
  if (workflow.first_execution_run_id.empty()) {  // else the chain: its current run
    request.mutable_execution()->set_run_id(workflow.run_id);
  }
  temporal::api::history::v1::History history;
  do {
    service::GetWorkflowExecutionHistoryResponse response;
    client::throw_if_failed(
        client::call_as_stored(connection, "GetWorkflowExecutionHistory", request, &response));
    history.MergeFrom(response.history());
    request.set_next_page_token(response.next_page_token());
  } while (!request.next_page_token().empty());
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(history, &json, options);
  if (!status.ok()) {
    throw RpcError(RpcStatusCode::kInternal, "the history cannot be written as JSON: " + status.ToString());
  }
  return json;
}

}  // namespace perdure::detail
