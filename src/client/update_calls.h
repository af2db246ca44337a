#pragma once
// The calls of updates as requests and what their answers mean; both asked again until they say enough.
#include <optional>

#include "base/status.h"
#include "perdure/client_interceptor.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::client {

class Connection;

// Each reads an answer: nothing means that it has to be asked again. Throws what a failed call throws.
struct UpdateCall {
  using Request = temporal::api::workflowservice::v1::UpdateWorkflowExecutionRequest;
  using Response = temporal::api::workflowservice::v1::UpdateWorkflowExecutionResponse;
  using Output = StartWorkflowUpdateOutput;
  static constexpr const char* kMethod = "UpdateWorkflowExecution";

  UpdateCall(Connection& connection, const StartWorkflowUpdateInput& input);
  std::optional<Output> read(const Status& status, const Response& response) const;

  Request request;
};

struct UpdateWithStartCall {
  using Request = temporal::api::workflowservice::v1::ExecuteMultiOperationRequest;
  using Response = temporal::api::workflowservice::v1::ExecuteMultiOperationResponse;
  using Output = StartUpdateWithStartWorkflowOutput;
  static constexpr const char* kMethod = "ExecuteMultiOperation";

  UpdateWithStartCall(Connection& connection, const StartUpdateWithStartWorkflowInput& input);
  std::optional<Output> read(const Status& status, const Response& response) const;

  Request request;
};

struct UpdateResultCall {
  using Request = temporal::api::workflowservice::v1::PollWorkflowExecutionUpdateRequest;
  using Response = temporal::api::workflowservice::v1::PollWorkflowExecutionUpdateResponse;
  using Output = WorkflowUpdateOutcome;
  static constexpr const char* kMethod = "PollWorkflowExecutionUpdate";

  UpdateResultCall(Connection& connection, const WorkflowUpdateResultInput& input);
  std::optional<Output> read(const Status& status, const Response& response) const;

  Request request;
};

}  // namespace perdure::client
