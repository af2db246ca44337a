// ResetWorkflowExecution.
#include <string>
#include <utility>

#include "base/limits.h"
#include "frontend/core.h"
#include "frontend/validate.h"

namespace perdure::frontend {
namespace {

using ResetCall = CallPointer<wire::ResetWorkflowExecutionRequest, wire::ResetWorkflowExecutionResponse>;

// Deprecated in the API, and what older clients send.
int reapply_type_of(const wire::ResetWorkflowExecutionRequest& request) {
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
  return request.reset_reapply_type();
#pragma clang diagnostic pop
}

Status validate_reset(const wire::ResetWorkflowExecutionRequest& request) {
  if (request.request_id().empty()) {
    return invalid_argument("RequestId is not set on request.");
  }
  if (request.request_id().size() > limits::kIdLength) {
    return invalid_argument("RequestId length exceeds limit.");
  }
  if (Status status = validate_execution(request.has_workflow_execution(), request.workflow_execution());
      !status.ok()) {
    return status;
  }
  if (const int type = reapply_type_of(request); !temporal::api::enums::v1::ResetReapplyType_IsValid(type)) {
    return internal_error("unknown reset reapply type: " + std::to_string(type));
  }
  if (!request.post_reset_operations().empty()) {
    return Status(Code::kUnimplemented, "PostResetOperations are not implemented by this version of Perdure");
  }
  return {};
}

void reset(Core& core, ResetCall call) {
  if (Status status = validate_reset(call->request); !status.ok()) {
    call->answer(status);
    return;
  }
  core.post(call, [call](runtime::Service& service) {
    service.reset_workflow(target_of(call->request.namespace_(), call->request.workflow_execution()),
                           call->request, respond(call));
  });
}

}  // namespace

void add_reset_methods(Methods& methods) {
  add_method(methods, "ResetWorkflowExecution", NamespaceRule::kRequired, &reset);
}

}  // namespace perdure::frontend
