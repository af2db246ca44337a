// Asking a workflow.
#include <string>
#include <utility>

#include "api/failure_conversion.h"
#include "api/payload_conversion.h"
#include "client/connection.h"
#include "client/outbound.h"
#include "client/rpc_error.h"
#include "perdure/error.h"
#include "temporal/api/errordetails/v1/message.pb.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::client {
namespace {

namespace service = temporal::api::workflowservice::v1;

// As Temporal's Python SDK: a request like this one can be wrong in no other way.
[[noreturn]] void throw_query_failed(const Connection& connection, const Status& status) {
  temporal::api::errordetails::v1::QueryFailedFailure detail;
  std::shared_ptr<const FailureError> cause;
  if (status.detail_type() == detail.GetTypeName() && detail.ParseFromString(status.detail()) &&
      detail.has_failure()) {
    if (connection.boundary() != nullptr) {
      connection.boundary()->decode(&detail);
    }
    cause = api::failure_to_error(detail.failure());
  }
  throw WorkflowQueryFailedError(status.message(), std::move(cause));
}

// WORKFLOW_EXECUTION_STATUS_COMPLETED → COMPLETED, as in Temporal's SDKs.
std::string status_name(temporal::api::enums::v1::WorkflowExecutionStatus status) {
  const std::string name = temporal::api::enums::v1::WorkflowExecutionStatus_Name(status);
  const std::string prefix = "WORKFLOW_EXECUTION_STATUS_";
  return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
}

}  // namespace

PreparedCall<Payload> prepare_query(Connection& connection, const QueryWorkflowInput& input) {
  service::QueryWorkflowRequest request;
  request.set_namespace_(connection.namespace_name());
  request.mutable_execution()->set_workflow_id(input.workflow.id);
  if (input.workflow.first_execution_run_id.empty()) {  // else the chain: its current run
    request.mutable_execution()->set_run_id(input.workflow.run_id);
  }
  request.mutable_query()->set_query_type(input.query);
  if (!input.args.empty()) {
    api::set_payloads(request.mutable_query()->mutable_query_args(), input.args);
  }
  if (!input.headers.empty()) {
    api::set_headers(request.mutable_query()->mutable_header(), input.headers);
  }
  if (input.options.reject_condition) {
    request.set_query_reject_condition(
        static_cast<temporal::api::enums::v1::QueryRejectCondition>(*input.options.reject_condition));
  }
  return prepare<Payload, service::QueryWorkflowResponse>(
      "QueryWorkflow", std::move(request), [&connection](const Status& status, const auto& response) {
        if (status.code() == Code::kInvalidArgument) {
          throw_query_failed(connection, status);
        }
        throw_if_failed(status);
        if (response.has_query_rejected()) {
          const auto rejected = response.query_rejected().status();
          throw WorkflowQueryRejectedError(static_cast<WorkflowExecutionStatus>(rejected),
                                           status_name(rejected));
        }
        return response.query_result().payloads().empty()
                   ? null_payload()
                   : api::payload_from_proto(response.query_result().payloads(0));
      });
}

}  // namespace perdure::client
