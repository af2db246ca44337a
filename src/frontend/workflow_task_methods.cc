// What a worker answers to a workflow task.
#include <memory>
#include <utility>

#include "api/convert.h"
#include "base/limits.h"
#include "frontend/core.h"
#include "frontend/validate.h"

namespace perdure::frontend {
namespace {

using CompletedCall =
    CallPointer<wire::RespondWorkflowTaskCompletedRequest, wire::RespondWorkflowTaskCompletedResponse>;
using FailedCall =
    CallPointer<wire::RespondWorkflowTaskFailedRequest, wire::RespondWorkflowTaskFailedResponse>;

template <class Request>
Result<WorkflowTaskToken> token_of(const Core& core, const Request& request) {
  if (request.task_token().empty()) {
    return invalid_argument("Task token not set on request.");
  }
  auto token = core.tokens.open_workflow_task(request.task_token());
  if (token.ok()) {
    if (Status status = check_token_namespace(request.namespace_(), token->namespace_name); !status.ok()) {
      return status;
    }
    if (Status status = validate_identity(request.identity()); !status.ok()) {
      return status;
    }
  }
  return token;
}

// The API calls the field deprecated, but SDKs still report their build here.
std::string build_id_of(const wire::RespondWorkflowTaskCompletedRequest& request) {
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
  return request.worker_version_stamp().build_id();
#pragma clang diagnostic pop
}

void write_completion(const Core& core, const NamespaceName& namespace_name,
                      runtime::WorkflowTaskAnswer answer, wire::RespondWorkflowTaskCompletedResponse* out) {
  for (engine::ActivityTaskStart& activity : answer.eager) {
    write_activity_task(core.tokens, namespace_name, answer.execution, answer.run_id, activity,
                        out->add_activity_tasks());
  }
  out->set_reset_history_event_id(answer.reset_history_event_id);
  if (answer.next) {
    write_workflow_task(core.tokens, namespace_name, *answer.next, out->mutable_workflow_task());
  }
}

// The namespace that a command for another run names; empty: none, or the run's own is meant. The API calls
// the fields deprecated, but SDKs still fill them in.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
const std::string& namespace_of(const temporal::api::command::v1::Command& command) {
  if (command.has_start_child_workflow_execution_command_attributes()) {
    return command.start_child_workflow_execution_command_attributes().namespace_();
  }
  if (command.has_signal_external_workflow_execution_command_attributes()) {
    return command.signal_external_workflow_execution_command_attributes().namespace_();
  }
  return command.request_cancel_external_workflow_execution_command_attributes().namespace_();
}
#pragma clang diagnostic pop

// The id of the run's namespace; or an error, if a command names a namespace that does not exist.
Result<std::string> check_namespaces(const Core& core, const NamespaceName& own,
                                     const wire::RespondWorkflowTaskCompletedRequest& request) {
  for (const auto& command : request.commands()) {
    const std::string& name = namespace_of(command);
    if (name.empty() || name == own.value) {
      continue;
    }
    if (auto found = core.namespaces.find(name); !found.ok()) {
      return found.status();
    }
  }
  const auto found = core.namespaces.find(own.value);
  if (!found.ok()) {
    return found.status();
  }
  return (*found)->namespace_info().id();
}

void completed(Core& core, CompletedCall call) {
  auto token = token_of(core, call->request);
  if (!token.ok()) {
    call->answer(token.status());
    return;
  }
  auto namespace_id = check_namespaces(core, token->namespace_name, call->request);
  if (!namespace_id.ok()) {
    call->answer(namespace_id.status());
    return;
  }
  core.post(
      call,
      [&core, call, token = std::move(*token),
       namespace_id = std::move(*namespace_id)](runtime::Service& service) {
        engine::PollerInfo worker;
        worker.namespace_id = namespace_id;
        worker.identity = call->request.identity();
        worker.request_id = uuid4(service.random());
        worker.holder = call->options.in_process ? service.incarnation() : 0;
        worker.task_queue = call->request.sticky_attributes().worker_task_queue().name();
        worker.sticky = !worker.task_queue.empty();
        worker.build_id = build_id_of(call->request);
        // The request shares the call's life.
        std::shared_ptr<wire::RespondWorkflowTaskCompletedRequest> request(call, &call->request);
        service.complete_workflow_task(
            {token.execution, {}, token.run_id}, token.task, std::move(request), std::move(worker),
            [&core, call, namespace_name = token.namespace_name](Result<runtime::WorkflowTaskAnswer> answer) {
              if (!answer.ok()) {
                call->answer(answer.status());
                return;
              }
              write_completion(core, namespace_name, std::move(*answer), call->response);
              call->finish();
            });
      },
      runtime::Admission::kReserved);
}

void failed(Core& core, FailedCall call) {
  auto token = token_of(core, call->request);
  if (!token.ok()) {
    call->answer(token.status());
    return;
  }
  if (is_oversize(call->request.failure())) {
    auto failure = api::server_failure("Failure exceeds size limit.", /*non_retryable=*/true);
    *failure.mutable_cause() = truncated(call->request.failure(), limits::kBlobWarn);
    *call->request.mutable_failure() = std::move(failure);
  }
  core.post(
      call,
      [call, token = std::move(*token)](runtime::Service& service) {
        service.on_run<wire::RespondWorkflowTaskFailedResponse>(
            {token.execution, {}, token.run_id},
            [call, task = token.task](engine::Outcome& out, engine::Execution& run,
                                      const engine::Context& context) {
              return engine::fail_workflow_task(out, run, task, call->request, context);
            },
            respond(call));
      },
      runtime::Admission::kReserved);
}

}  // namespace

void add_workflow_task_methods(Methods& methods) {
  add_method(methods, "RespondWorkflowTaskCompleted", NamespaceRule::kFromToken, &completed);
  add_method(methods, "RespondWorkflowTaskFailed", NamespaceRule::kFromToken, &failed);
}

}  // namespace perdure::frontend
