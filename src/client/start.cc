// Starting a workflow: options to a request, and the answer to a reference or an error.
#include <string>
#include <utility>

#include "api/convert.h"
#include "api/failure_conversion.h"
#include "api/payload_conversion.h"
#include "client/connection.h"
#include "client/outbound.h"
#include "client/rpc_error.h"
#include "client/start_request.h"
#include "perdure/error.h"
#include "temporal/api/errordetails/v1/message.pb.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::client {
namespace {

using temporal::api::errordetails::v1::WorkflowExecutionAlreadyStartedFailure;
using temporal::api::workflowservice::v1::SignalWithStartWorkflowExecutionRequest;
using temporal::api::workflowservice::v1::SignalWithStartWorkflowExecutionResponse;
using temporal::api::workflowservice::v1::StartWorkflowExecutionRequest;
using temporal::api::workflowservice::v1::StartWorkflowExecutionResponse;

void check_duration(const std::optional<std::chrono::nanoseconds>& duration, const char* name) {
  if (duration && *duration < std::chrono::nanoseconds::zero()) {
    throw OptionsError(std::string("WorkflowOptions.") + name + " cannot be negative");
  }
}

void check_options(const WorkflowOptions& options) {
  if (options.id.empty()) {
    throw OptionsError("WorkflowOptions.id is missing: a workflow needs an id, e.g. {.id = \"order-17\", …}");
  }
  if (options.task_queue.empty()) {
    throw OptionsError("WorkflowOptions.task_queue is missing: name the queue that the worker of \"" +
                       options.id + "\" listens to");
  }
  check_duration(options.execution_timeout, "execution_timeout");
  check_duration(options.run_timeout, "run_timeout");
  check_duration(options.task_timeout, "task_timeout");
  check_duration(options.start_delay, "start_delay");
  if (options.retry_policy) {
    validate(*options.retry_policy);
  }
}

SignalWithStartWorkflowExecutionRequest with_signal(StartWorkflowExecutionRequest&& start,
                                                    const StartSignal& signal) {
  SignalWithStartWorkflowExecutionRequest request;
  request.set_namespace_(start.namespace_());
  request.set_identity(start.identity());
  request.set_request_id(start.request_id());
  request.set_workflow_id(start.workflow_id());
  *request.mutable_workflow_type() = std::move(*start.mutable_workflow_type());
  *request.mutable_task_queue() = std::move(*start.mutable_task_queue());
  request.set_workflow_id_reuse_policy(start.workflow_id_reuse_policy());
  // The service knows "fail" for starts alone: with a signal it means the same as nothing, the run is
  // signalled.
  if (start.workflow_id_conflict_policy() != temporal::api::enums::v1::WORKFLOW_ID_CONFLICT_POLICY_FAIL) {
    request.set_workflow_id_conflict_policy(start.workflow_id_conflict_policy());
  }
  if (start.has_input()) {
    *request.mutable_input() = std::move(*start.mutable_input());
  }
  if (start.has_header()) {
    *request.mutable_header() = std::move(*start.mutable_header());
  }
  if (start.has_workflow_execution_timeout()) {
    *request.mutable_workflow_execution_timeout() = std::move(*start.mutable_workflow_execution_timeout());
  }
  if (start.has_workflow_run_timeout()) {
    *request.mutable_workflow_run_timeout() = std::move(*start.mutable_workflow_run_timeout());
  }
  if (start.has_workflow_task_timeout()) {
    *request.mutable_workflow_task_timeout() = std::move(*start.mutable_workflow_task_timeout());
  }
  if (start.has_workflow_start_delay()) {
    *request.mutable_workflow_start_delay() = std::move(*start.mutable_workflow_start_delay());
  }
  if (start.has_retry_policy()) {
    *request.mutable_retry_policy() = std::move(*start.mutable_retry_policy());
  }
  if (start.has_memo()) {
    *request.mutable_memo() = std::move(*start.mutable_memo());
  }
  if (start.has_search_attributes()) {
    *request.mutable_search_attributes() = std::move(*start.mutable_search_attributes());
  }
  if (start.has_user_metadata()) {
    *request.mutable_user_metadata() = std::move(*start.mutable_user_metadata());
  }
  request.set_signal_name(signal.name);
  if (!signal.args.empty()) {
    api::set_payloads(request.mutable_signal_input(), signal.args);
  }
  return request;
}

}  // namespace

StartWorkflowExecutionRequest start_request(Connection& connection, const StartWorkflowInput& input) {
  const WorkflowOptions& options = input.options;
  check_options(options);
  StartWorkflowExecutionRequest request;
  request.set_namespace_(connection.namespace_name());
  request.set_identity(connection.identity());
  request.set_request_id(options.request_id.empty() ? connection.fresh_id() : options.request_id);
  request.set_workflow_id(options.id);
  request.mutable_workflow_type()->set_name(input.workflow);
  request.mutable_task_queue()->set_name(options.task_queue);
  request.mutable_task_queue()->set_kind(temporal::api::enums::v1::TASK_QUEUE_KIND_NORMAL);
  if (!input.args.empty()) {
    api::set_payloads(request.mutable_input(), input.args);
  }
  if (!input.headers.empty()) {
    api::set_headers(request.mutable_header(), input.headers);
  }
  if (options.execution_timeout) {
    api::set_duration(request.mutable_workflow_execution_timeout(), *options.execution_timeout);
  }
  if (options.run_timeout) {
    api::set_duration(request.mutable_workflow_run_timeout(), *options.run_timeout);
  }
  if (options.task_timeout) {
    api::set_duration(request.mutable_workflow_task_timeout(), *options.task_timeout);
  }
  if (options.start_delay) {
    api::set_duration(request.mutable_workflow_start_delay(), *options.start_delay);
  }
  request.set_workflow_id_reuse_policy(
      static_cast<temporal::api::enums::v1::WorkflowIdReusePolicy>(options.id_reuse_policy));
  request.set_workflow_id_conflict_policy(
      static_cast<temporal::api::enums::v1::WorkflowIdConflictPolicy>(options.id_conflict_policy));
  if (options.retry_policy) {
    api::set_retry_policy(request.mutable_retry_policy(), *options.retry_policy);
  }
  for (const auto& [key, payload] : options.memo) {
    api::set_payload(&(*request.mutable_memo()->mutable_fields())[key], payload);
  }
  for (const auto& [name, payload] : options.search_attributes.fields()) {
    api::set_payload(&(*request.mutable_search_attributes()->mutable_indexed_fields())[name], payload);
  }
  if (!options.static_summary.empty()) {
    api::set_payload(request.mutable_user_metadata()->mutable_summary(), to_payload(options.static_summary));
  }
  if (!options.static_details.empty()) {
    api::set_payload(request.mutable_user_metadata()->mutable_details(), to_payload(options.static_details));
  }
  return request;
}

namespace {

[[noreturn]] void throw_already_started(const Status& status, const std::string& workflow_id,
                                        const std::string& workflow_type) {
  WorkflowExecutionAlreadyStartedFailure detail;
  detail.ParseFromString(status.detail());
  throw WorkflowAlreadyStartedError(workflow_id, workflow_type, detail.run_id());
}

}  // namespace

PreparedCall<StartWorkflowOutput> prepare_start(Connection& connection, const StartWorkflowInput& input) {
  StartWorkflowExecutionRequest request = start_request(connection, input);
  if (input.options.start_signal) {
    return prepare<StartWorkflowOutput, SignalWithStartWorkflowExecutionResponse>(
        "SignalWithStartWorkflowExecution", with_signal(std::move(request), *input.options.start_signal),
        [id = input.options.id, type = input.workflow](
            const Status& status,
            const SignalWithStartWorkflowExecutionResponse& response) -> StartWorkflowOutput {
          if (status.code() == Code::kAlreadyExists) {
            throw_already_started(status, id, type);
          }
          throw_if_failed(status);
          return {id, response.run_id(), response.run_id()};
        });
  }
  return prepare<StartWorkflowOutput, StartWorkflowExecutionResponse>(
      "StartWorkflowExecution", std::move(request),
      [id = input.options.id, type = input.workflow](
          const Status& status, const StartWorkflowExecutionResponse& response) -> StartWorkflowOutput {
        if (status.code() == Code::kAlreadyExists) {
          throw_already_started(status, id, type);
        }
        throw_if_failed(status);
        const std::string& first = response.first_execution_run_id();
        return {id, response.run_id(), first.empty() ? response.run_id() : first};
      });
}

}  // namespace perdure::client
