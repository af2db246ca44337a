// Updates, and asking what became of one.
#include <utility>

#include "base/limits.h"
#include "base/random.h"
#include "engine/links.h"
#include "frontend/updates.h"
#include "frontend/validate.h"

namespace perdure::frontend {
namespace {

namespace enums = temporal::api::enums::v1;
using UpdateCall = CallPointer<wire::UpdateWorkflowExecutionRequest, wire::UpdateWorkflowExecutionResponse>;
using PollCall =
    CallPointer<wire::PollWorkflowExecutionUpdateRequest, wire::PollWorkflowExecutionUpdateResponse>;

engine::UpdateStage stage_of(enums::UpdateWorkflowExecutionLifecycleStage stage) {
  switch (stage) {
    case enums::UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ADMITTED:
      return engine::UpdateStage::kAdmitted;
    case enums::UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ACCEPTED:
      return engine::UpdateStage::kAccepted;
    case enums::UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED:
      return engine::UpdateStage::kCompleted;
    default:
      return engine::UpdateStage::kUnknown;
  }
}

void update(Core& core, UpdateCall call) {
  if (Status status = validate_update(call->request); !status.ok()) {
    call->answer(status);
    return;
  }
  core.post(call, [call](runtime::Service& service) {
    std::shared_ptr<wire::UpdateWorkflowExecutionRequest> request(call, &call->request);
    service.update_workflow(update_call(std::move(request), call->ticket, call->options, service),
                            [call](Result<runtime::UpdateAnswer> answer) {
                              if (!answer.ok()) {
                                call->answer(answer.status());
                                return;
                              }
                              write_update(call->request, call->request.workflow_execution().workflow_id(),
                                           *answer, call->response);
                              call->finish();
                            });
  });
}

void poll(Core& core, PollCall call) {
  if (!call->request.has_update_ref()) {
    call->answer(invalid_argument("UpdateRef is not set on request."));
    return;
  }
  const auto& target = call->request.update_ref();
  if (Status status = validate_execution(target.has_workflow_execution(), target.workflow_execution());
      !status.ok()) {
    call->answer(status);
    return;
  }
  core.post(call, [call](runtime::Service& service) {
    const auto& reference = call->request.update_ref();
    runtime::UpdateCall update;
    update.id = call->ticket;
    update.target = target_of(call->request.namespace_(), reference.workflow_execution());
    update.stage = stage_of(call->request.wait_policy().lifecycle_stage());
    update.max_wait = longest_wait(call->options, limits::kHistoryLongPoll);
    update.update_id = reference.update_id();
    service.update_workflow(std::move(update), [call](Result<runtime::UpdateAnswer> answer) {
      if (!answer.ok()) {
        call->answer(answer.status());
        return;
      }
      auto* out = call->response;
      *out->mutable_update_ref() = call->request.update_ref();
      out->mutable_update_ref()->mutable_workflow_execution()->set_run_id(answer->run_id.value);
      out->set_stage(to_proto(answer->stage));
      if (answer->outcome) {
        *out->mutable_outcome() = std::move(*answer->outcome);
      }
      call->finish();
    });
  });
}

}  // namespace

Status validate_update(wire::UpdateWorkflowExecutionRequest& request) {
  if (Status status = validate_execution(request.has_workflow_execution(), request.workflow_execution());
      !status.ok()) {
    return status;
  }
  if (!request.request().has_meta()) {
    return invalid_argument("Update meta is not set on request.");
  }
  if (request.request().meta().update_id().size() > limits::kIdLength) {
    return invalid_argument("UpdateId length exceeds limit.");
  }
  if (!request.request().has_input()) {
    return invalid_argument("Update input is not set on request.");
  }
  if (request.request().input().name().empty()) {
    return invalid_argument("Update name is not set on request.");
  }
  if (!request.request().completion_callbacks().empty()) {
    return Status(Code::kUnimplemented,
                  "CompletionCallbacks of updates are not implemented by this version of Perdure");
  }
  if (is_oversize(request.request().input())) {
    return invalid_argument("Blob data size exceeds limit.");
  }
  auto& policy = *request.mutable_wait_policy();
  if (policy.lifecycle_stage() == enums::UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_UNSPECIFIED) {
    policy.set_lifecycle_stage(enums::UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED);
  }
  if (policy.lifecycle_stage() == enums::UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ADMITTED) {
    return Status(
        Code::kPermissionDenied,
        "UpdateWorkflowExecution issued asynchronously and waiting on update admitted is not supported.");
  }
  return {};
}

runtime::UpdateCall update_call(std::shared_ptr<wire::UpdateWorkflowExecutionRequest> request,
                                std::uint64_t ticket, const CallOptions& options, runtime::Service& service) {
  auto* meta = request->mutable_request()->mutable_meta();
  if (meta->update_id().empty()) {
    meta->set_update_id(uuid4(service.random()));
  }
  runtime::UpdateCall call;
  call.id = ticket;
  call.target = target_of(request->namespace_(), request->workflow_execution());
  call.stage = stage_of(request->wait_policy().lifecycle_stage());
  call.max_wait = longest_wait(options, limits::kHistoryLongPoll);
  call.update_id = meta->update_id();
  call.request = std::move(request);
  return call;
}

enums::UpdateWorkflowExecutionLifecycleStage to_proto(engine::UpdateStage stage) {
  switch (stage) {
    case engine::UpdateStage::kAccepted:
      return enums::UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ACCEPTED;
    case engine::UpdateStage::kCompleted:
      return enums::UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED;
    default:
      return enums::UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ADMITTED;
  }
}

void write_update(const wire::UpdateWorkflowExecutionRequest& request, const std::string& workflow_id,
                  const runtime::UpdateAnswer& answer, wire::UpdateWorkflowExecutionResponse* out) {
  auto* reference = out->mutable_update_ref();
  reference->mutable_workflow_execution()->set_workflow_id(workflow_id);
  reference->mutable_workflow_execution()->set_run_id(answer.run_id.value);
  reference->set_update_id(request.request().meta().update_id());
  out->set_stage(to_proto(answer.stage));
  if (answer.outcome) {
    *out->mutable_outcome() = *answer.outcome;
  }
  if (answer.outcome && answer.outcome->has_failure()) {
    auto* workflow = out->mutable_link()->mutable_workflow();
    workflow->set_namespace_(request.namespace_());
    workflow->set_workflow_id(workflow_id);
    workflow->set_run_id(answer.run_id.value);
    workflow->set_reason("Update rejected");
  } else if (answer.stage >= engine::UpdateStage::kAccepted) {
    *out->mutable_link() = engine::request_link(request.namespace_(), workflow_id, answer.run_id.value,
                                                request.request().request_id(),
                                                enums::EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED);
  }
}

void add_update_methods(Methods& methods) {
  add_method(methods, "UpdateWorkflowExecution", NamespaceRule::kRequired, &update);
  add_method(methods, "PollWorkflowExecutionUpdate", NamespaceRule::kRequired, &poll);
}

}  // namespace perdure::frontend
