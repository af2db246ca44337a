// What a handle does with a workflow that exists.
#include <google/protobuf/util/json_util.h>

#include "api/convert.h"
#include "api/payload_conversion.h"
#include "client/connection.h"
#include "client/rpc_error.h"
#include "perdure/detail/client_calls.h"
#include "perdure/error.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::detail {
namespace {

namespace service = temporal::api::workflowservice::v1;

// A handle from a start means the chain: what it reads is that of the current run.
void set_execution(temporal::api::common::v1::WorkflowExecution* execution,
                   const WorkflowReference& workflow) {
  execution->set_workflow_id(workflow.workflow_id);
  if (workflow.first_execution_run_id.empty()) {
    execution->set_run_id(workflow.run_id);
  }
}

// A handle from a start means the whole chain that began with it, so that it still works when the workflow
// has continued as new; one that was asked for a run means that run.
template <class Request>
void set_target(Request* request, const WorkflowReference& workflow) {
  auto* execution = request->mutable_workflow_execution();
  execution->set_workflow_id(workflow.workflow_id);
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

}  // namespace

void signal_workflow(const WorkflowReference& workflow, const std::string& name, Payloads arguments) {
  client::Connection& connection = *workflow.connection;
  service::SignalWorkflowExecutionRequest request;
  request.set_namespace_(connection.namespace_name());
  request.set_identity(connection.identity());
  request.set_request_id(connection.fresh_id());
  request.set_signal_name(name);
  set_execution(request.mutable_workflow_execution(), workflow);
  if (!arguments.empty()) {
    api::set_payloads(request.mutable_input(), arguments);
  }
  service::SignalWorkflowExecutionResponse response;
  client::throw_if_failed(client::call_with_retry(connection, "SignalWorkflowExecution", request, &response));
}

void cancel_workflow(const WorkflowReference& workflow, const std::string& reason) {
  client::Connection& connection = *workflow.connection;
  service::RequestCancelWorkflowExecutionRequest request;
  request.set_namespace_(connection.namespace_name());
  request.set_identity(connection.identity());
  request.set_request_id(connection.fresh_id());
  request.set_reason(reason);
  set_target(&request, workflow);
  service::RequestCancelWorkflowExecutionResponse response;
  client::throw_if_failed(
      client::call_with_retry(connection, "RequestCancelWorkflowExecution", request, &response));
}

void terminate_workflow(const WorkflowReference& workflow, const std::string& reason) {
  client::Connection& connection = *workflow.connection;
  service::TerminateWorkflowExecutionRequest request;
  request.set_namespace_(connection.namespace_name());
  request.set_identity(connection.identity());
  request.set_reason(reason);
  set_target(&request, workflow);
  service::TerminateWorkflowExecutionResponse response;
  client::throw_if_failed(
      client::call_with_retry(connection, "TerminateWorkflowExecution", request, &response));
}

WorkflowExecutionDescription describe_workflow(const WorkflowReference& workflow) {
  client::Connection& connection = *workflow.connection;
  service::DescribeWorkflowExecutionRequest request;
  request.set_namespace_(connection.namespace_name());
  set_execution(request.mutable_execution(), workflow);
  service::DescribeWorkflowExecutionResponse response;
  client::throw_if_failed(
      client::call_with_retry(connection, "DescribeWorkflowExecution", request, &response));
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

std::string fetch_history_json(const WorkflowReference& workflow) {
  client::Connection& connection = *workflow.connection;
  service::GetWorkflowExecutionHistoryRequest request;
  request.set_namespace_(connection.namespace_name());
  set_execution(request.mutable_execution(), workflow);
  temporal::api::history::v1::History history;
  do {
    service::GetWorkflowExecutionHistoryResponse response;
    client::throw_if_failed(
        client::call_with_retry(connection, "GetWorkflowExecutionHistory", request, &response));
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
