// Update-with-start: two operations that happen together or not at all. As Temporal's ExecuteMultiOperation.
#include <fmt/format.h>

#include <string>
#include <utility>

#include "api/convert.h"
#include "base/random.h"
#include "engine/links.h"
#include "frontend/updates.h"
#include "frontend/validate.h"
#include "temporal/api/errordetails/v1/message.pb.h"
#include "temporal/api/failure/v1/message.pb.h"

namespace perdure::frontend {
namespace {

namespace enums = temporal::api::enums::v1;
namespace errordetails = temporal::api::errordetails::v1;
using MultiCall = CallPointer<wire::ExecuteMultiOperationRequest, wire::ExecuteMultiOperationResponse>;

// Of an operation that was not carried out because of the other one.
Status aborted() {
  return api::with_detail(Code::kAborted, "Operation was aborted.",
                          temporal::api::failure::v1::MultiOperationExecutionAborted());
}

Status multi_operation_failed(const std::string& message, const Status& start, const Status& update) {
  errordetails::MultiOperationExecutionFailure detail;
  Code code = Code::kAborted;
  bool found = false;
  for (const Status& plain : {start, update}) {
    const Status status = with_usual_detail(plain);
    auto* operation = detail.add_statuses();
    operation->set_code(static_cast<int>(status.code()));
    operation->set_message(status.message());
    if (!status.detail_type().empty()) {
      auto* any = operation->add_details();
      any->set_type_url("type.googleapis.com/" + status.detail_type());
      any->set_value(status.detail());
    }
    if (!found && !status.ok() && status.detail_type() != aborted().detail_type()) {
      code = status.code();
      found = true;
    }
  }
  return api::with_detail(code, message, detail);
}

Status validate_multi_start(const std::string& namespace_name, wire::StartWorkflowExecutionRequest& start) {
  if (start.namespace_() != namespace_name) {
    return invalid_argument("Operation namespace did not match request's namespace.");
  }
  if (!start.cron_schedule().empty()) {
    return invalid_argument("CronSchedule is not allowed.");
  }
  if (start.request_eager_execution()) {
    return invalid_argument("RequestEagerExecution is not supported.");
  }
  if (start.has_workflow_start_delay()) {
    return invalid_argument("WorkflowStartDelay is not supported.");
  }
  return validate_start(start);
}

Status validate_multi_update(const std::string& namespace_name,
                             wire::UpdateWorkflowExecutionRequest& update) {
  if (update.namespace_() != namespace_name) {
    return invalid_argument("Operation namespace did not match request's namespace.");
  }
  if (Status status = validate_update(update); !status.ok()) {
    return status;
  }
  if (!update.first_execution_run_id().empty()) {
    return invalid_argument("FirstExecutionRunId is not allowed.");
  }
  if (!update.workflow_execution().run_id().empty()) {
    return invalid_argument("RunId is not allowed.");
  }
  return {};
}

Status validate(wire::ExecuteMultiOperationRequest& request) {
  if (request.operations_size() != 2 || !request.operations(0).has_start_workflow() ||
      !request.operations(1).has_update_workflow()) {
    return invalid_argument("Operations have to be exactly [Start, Update].");
  }
  auto& start = *request.mutable_operations(0)->mutable_start_workflow();
  auto& update = *request.mutable_operations(1)->mutable_update_workflow();
  const Status start_status = validate_multi_start(request.namespace_(), start);
  Status update_status = validate_multi_update(request.namespace_(), update);
  if (start_status.ok() && update_status.ok() &&
      start.workflow_id() != update.workflow_execution().workflow_id()) {
    update_status = invalid_argument("WorkflowId is not consistent with previous operation(s).");
  }
  if (start_status.ok() && update_status.ok()) {
    return {};
  }
  return multi_operation_failed("Update-with-Start could not be executed.",
                                start_status.ok() ? aborted() : start_status,
                                update_status.ok() ? aborted() : update_status);
}

void write(const wire::ExecuteMultiOperationRequest& request, const runtime::StartAndUpdateAnswer& answer,
           wire::ExecuteMultiOperationResponse* out) {
  const auto& start = request.operations(0).start_workflow();
  auto* started = out->add_responses()->mutable_start_workflow();
  started->set_run_id(answer.start.reply.run_id);
  if (answer.start.reply.started) {
    started->set_first_execution_run_id(answer.start.first_run_id);
  }
  started->set_started(answer.start.reply.started);
  started->set_status(static_cast<enums::WorkflowExecutionStatus>(answer.start.status));
  *started->mutable_link() =
      engine::started_link(start.namespace_(), start.workflow_id(), answer.start.reply.run_id);
  write_update(request.operations(1).update_workflow(), start.workflow_id(), answer.update,
               out->add_responses()->mutable_update_workflow());
}

void execute(Core& core, MultiCall call) {
  if (Status status = validate(call->request); !status.ok()) {
    call->answer(status);
    return;
  }
  core.post(call, [call](runtime::Service& service) {
    auto* start = call->request.mutable_operations(0)->mutable_start_workflow();
    if (start->request_id().empty()) {
      start->set_request_id(uuid4(service.random()));
    }
    std::shared_ptr<const wire::StartWorkflowExecutionRequest> start_request(call, start);
    std::shared_ptr<wire::UpdateWorkflowExecutionRequest> update_request(
        call, call->request.mutable_operations(1)->mutable_update_workflow());
    service.start_and_update(
        std::move(start_request),
        update_call(std::move(update_request), call->ticket, call->options, service),
        [call](const runtime::StartAndUpdateAnswer& answer) {
          if (answer.start_status.ok() && answer.update_status.ok()) {
            write(call->request, answer, call->response);
            call->finish();
            return;
          }
          const bool start_failed = !answer.start_status.ok();
          call->answer(multi_operation_failed(
              fmt::format("MultiOperation could not be executed: {}",
                          start_failed ? "Start failed: " + answer.start_status.message()
                                       : "Update failed: " + answer.update_status.message()),
              answer.start_aborted ? aborted() : answer.start_status,
              answer.update_aborted ? aborted() : answer.update_status));
        });
  });
}

}  // namespace

void add_multi_operation_methods(Methods& methods) {
  add_method(methods, "ExecuteMultiOperation", NamespaceRule::kRegistered, &execute);
}

}  // namespace perdure::frontend
