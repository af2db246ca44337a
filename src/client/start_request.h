#pragma once
// A start as a request.
#include "perdure/client_interceptor.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::client {

class Connection;

// Without the signal that may go with it. Throws OptionsError.
temporal::api::workflowservice::v1::StartWorkflowExecutionRequest start_request(
    Connection& connection, const StartWorkflowInput& input);

}  // namespace perdure::client
