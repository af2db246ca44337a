#include "client/update_calls.h"

#include <utility>

#include "api/failure_conversion.h"
#include "api/payload_conversion.h"
#include "client/connection.h"
#include "client/rpc_error.h"
#include "client/start_request.h"
#include "perdure/error.h"
#include "temporal/api/errordetails/v1/message.pb.h"
#include "temporal/api/failure/v1/message.pb.h"

namespace perdure::client {
namespace {

using namespace temporal::api::enums::v1;  // NOLINT: the wire's enumerators have their type in their name
using temporal::api::errordetails::v1::MultiOperationExecutionFailure;

void throw_update_failed(const Status& status) {
  if (status.code() == Code::kDeadlineExceeded || status.code() == Code::kCancelled) {
    throw WorkflowUpdateRpcTimeoutOrCancelledError(
        static_cast<RpcStatusCode>(status.code()),
        "Timeout or cancellation waiting for update: " + status.message());
  }
  throw_if_failed(status);
}

std::optional<WorkflowUpdateOutcome> outcome_of(bool has_outcome,
                                                const temporal::api::update::v1::Outcome& outcome) {
  if (!has_outcome) {
    return std::nullopt;
  }
  if (outcome.has_failure()) {
    return WorkflowUpdateOutcome{{}, api::failure_to_error(outcome.failure())};
  }
  const auto& payloads = outcome.success().payloads();
  return WorkflowUpdateOutcome{payloads.empty() ? null_payload() : api::payload_from_proto(payloads.Get(0)),
                               nullptr};
}

UpdateCall::Request update_request(Connection& connection, const StartWorkflowUpdateInput& input) {
  if (input.options.wait_for_stage == WorkflowUpdateStage::kAdmitted) {
    throw OptionsError(
        "StartUpdateOptions.wait_for_stage: kAdmitted is not supported; use kAccepted or kCompleted");
  }
  UpdateCall::Request request;
  request.set_namespace_(connection.namespace_name());
  request.mutable_workflow_execution()->set_workflow_id(input.workflow.id);
  if (input.workflow.first_execution_run_id.empty()) {
    request.mutable_workflow_execution()->set_run_id(input.workflow.run_id);
  } else {
    request.set_first_execution_run_id(input.workflow.first_execution_run_id);
  }
  auto* meta = request.mutable_request()->mutable_meta();
  meta->set_update_id(input.options.id.empty() ? connection.fresh_id() : input.options.id);
  meta->set_identity(connection.identity());
  auto* update = request.mutable_request()->mutable_input();
  update->set_name(input.update);
  if (!input.args.empty()) {
    api::set_payloads(update->mutable_args(), input.args);
  }
  if (!input.headers.empty()) {
    api::set_headers(update->mutable_header(), input.headers);
  }
  request.mutable_wait_policy()->set_lifecycle_stage(
      static_cast<UpdateWorkflowExecutionLifecycleStage>(input.options.wait_for_stage));
  return request;
}

// Nothing: the update is not in history yet.
std::optional<StartWorkflowUpdateOutput> output_of(
    const UpdateCall::Request& request,
    const temporal::api::workflowservice::v1::UpdateWorkflowExecutionResponse& response) {
  if (response.stage() < UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ACCEPTED) {
    return std::nullopt;
  }
  return StartWorkflowUpdateOutput{.id = request.request().meta().update_id(),
                                   .workflow_id = request.workflow_execution().workflow_id(),
                                   .workflow_run_id = response.update_ref().workflow_execution().run_id(),
                                   .outcome = outcome_of(response.has_outcome(), response.outcome())};
}

// What went wrong with the operation that did, instead of "aborted" for both.
void throw_operation_failed(const Status& status, const UpdateWithStartCall::Request& request) {
  MultiOperationExecutionFailure failure;
  if (status.detail_type() != failure.GetTypeName() || !failure.ParseFromString(status.detail())) {
    return;
  }
  for (const auto& operation : failure.statuses()) {
    const bool aborted =
        operation.details_size() > 0 &&
        operation.details(0).Is<temporal::api::failure::v1::MultiOperationExecutionAborted>();
    if (operation.code() == 0 || aborted) {
      continue;
    }
    const auto& start = request.operations(0).start_workflow();
    if (operation.code() == static_cast<int>(Code::kAlreadyExists)) {
      temporal::api::errordetails::v1::WorkflowExecutionAlreadyStartedFailure started;
      if (operation.details_size() > 0) {
        operation.details(0).UnpackTo(&started);
      }
      throw WorkflowAlreadyStartedError(start.workflow_id(), start.workflow_type().name(), started.run_id());
    }
    throw_update_failed(Status(static_cast<Code>(operation.code()), operation.message()));
  }
}

}  // namespace

UpdateCall::UpdateCall(Connection& connection, const StartWorkflowUpdateInput& input)
    : request(update_request(connection, input)) {}

std::optional<StartWorkflowUpdateOutput> UpdateCall::read(const Status& status,
                                                          const Response& response) const {
  throw_update_failed(status);
  return output_of(request, response);
}

UpdateWithStartCall::UpdateWithStartCall(Connection& connection,
                                         const StartUpdateWithStartWorkflowInput& input) {
  if (input.start.options.start_signal) {
    throw OptionsError("WorkflowOptions.start_signal: a start that goes with an update takes no signal");
  }
  request.set_namespace_(connection.namespace_name());
  *request.add_operations()->mutable_start_workflow() = start_request(connection, input.start);
  *request.add_operations()->mutable_update_workflow() = update_request(connection, input.update);
}

std::optional<StartUpdateWithStartWorkflowOutput> UpdateWithStartCall::read(const Status& status,
                                                                            const Response& response) const {
  if (!status.ok()) {
    throw_operation_failed(status, request);
  }
  throw_update_failed(status);
  if (response.responses_size() != 2) {
    throw RpcError(RpcStatusCode::kInternal, "the service did not answer both operations");
  }
  const auto& started = response.responses(0).start_workflow();
  std::optional<StartWorkflowUpdateOutput> update =
      output_of(request.operations(1).update_workflow(), response.responses(1).update_workflow());
  if (!update) {
    return std::nullopt;
  }
  update->workflow_run_id = started.run_id();
  const std::string& first = started.first_execution_run_id();
  return Output{{request.operations(0).start_workflow().workflow_id(), started.run_id(),
                 first.empty() ? started.run_id() : first},
                *std::move(update)};
}

UpdateResultCall::UpdateResultCall(Connection& connection, const WorkflowUpdateResultInput& input) {
  request.set_namespace_(connection.namespace_name());
  request.set_identity(connection.identity());
  request.mutable_update_ref()->set_update_id(input.id);
  request.mutable_update_ref()->mutable_workflow_execution()->set_workflow_id(input.workflow_id);
  request.mutable_update_ref()->mutable_workflow_execution()->set_run_id(input.workflow_run_id);
  request.mutable_wait_policy()->set_lifecycle_stage(UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED);
}

std::optional<WorkflowUpdateOutcome> UpdateResultCall::read(const Status& status,
                                                            const Response& response) const {
  throw_update_failed(status);
  return outcome_of(response.has_outcome(), response.outcome());
}

}  // namespace perdure::client
