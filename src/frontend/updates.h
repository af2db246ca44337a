#pragma once
// What UpdateWorkflowExecution and ExecuteMultiOperation have in common.
#include <memory>
#include <string>

#include "base/status.h"
#include "frontend/core.h"
#include "runtime/service.h"

namespace perdure::frontend {

// As Temporal's prepareUpdateWorkflowRequest; fills in the default of the stage that is waited for.
Status validate_update(wire::UpdateWorkflowExecutionRequest& request);
// The update's id is made up if the caller gave none.
runtime::UpdateCall update_call(std::shared_ptr<wire::UpdateWorkflowExecutionRequest> request,
                                std::uint64_t ticket, const CallOptions& options, runtime::Service& service);
void write_update(const wire::UpdateWorkflowExecutionRequest& request, const std::string& workflow_id,
                  const runtime::UpdateAnswer& answer, wire::UpdateWorkflowExecutionResponse* out);
temporal::api::enums::v1::UpdateWorkflowExecutionLifecycleStage to_proto(engine::UpdateStage stage);

}  // namespace perdure::frontend
