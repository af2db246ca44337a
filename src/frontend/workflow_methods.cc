// Starting, signalling, cancelling, terminating and describing workflows.
#include <optional>
#include <utility>

#include "base/random.h"
#include "engine/links.h"
#include "frontend/core.h"
#include "frontend/validate.h"

namespace perdure::frontend {
namespace {

using StartCall = CallPointer<wire::StartWorkflowExecutionRequest, wire::StartWorkflowExecutionResponse>;
using SignalCall = CallPointer<wire::SignalWorkflowExecutionRequest, wire::SignalWorkflowExecutionResponse>;
using CancelCall =
    CallPointer<wire::RequestCancelWorkflowExecutionRequest, wire::RequestCancelWorkflowExecutionResponse>;
using TerminateCall =
    CallPointer<wire::TerminateWorkflowExecutionRequest, wire::TerminateWorkflowExecutionResponse>;
using DescribeCall =
    CallPointer<wire::DescribeWorkflowExecutionRequest, wire::DescribeWorkflowExecutionResponse>;

// Who starts a workflow may run its first task, too. The task is known by the request: a repeated start gets
// it again.
template <class CallType>
std::optional<engine::PollerInfo> eager_worker(const CallType& call, runtime::Service& service) {
  if (!call.request.request_eager_execution()) {
    return std::nullopt;
  }
  engine::PollerInfo worker;
  worker.identity = call.request.identity();
  worker.request_id = call.request.request_id();
  worker.holder = call.options.in_process ? service.incarnation() : 0;
  worker.task_queue = call.request.task_queue().name();
  return worker;
}

void start(Core& core, StartCall call) {
  if (Status status = validate_start(call->request); !status.ok()) {
    call->answer(status);
    return;
  }
  core.post(call, [&core, call](runtime::Service& service) {
    if (call->request.request_id().empty()) {
      call->request.set_request_id(uuid4(service.random()));
    }
    const auto answered = [&core, call](Result<runtime::StartAnswer> answer) {
      if (!answer.ok()) {
        call->answer(answer.status());
        return;
      }
      call->response->set_run_id(answer->reply.run_id);
      call->response->set_first_execution_run_id(answer->first_run_id);
      *call->response->mutable_link() =
          engine::started_link(call->request.namespace_(), call->request.workflow_id(), answer->reply.run_id);
      call->response->set_started(answer->reply.started);
      call->response->set_status(
          static_cast<temporal::api::enums::v1::WorkflowExecutionStatus>(answer->status));
      if (answer->eager_task) {
        write_workflow_task(core.tokens, NamespaceName(call->request.namespace_()), *answer->eager_task,
                            call->response->mutable_eager_workflow_task());
      }
      call->finish();
    };
    service.start_workflow(call->request, answered, eager_worker(*call, service));
  });
}

void signal(Core& core, SignalCall call) {
  if (Status status = validate_signal(call->request); !status.ok()) {
    call->answer(status);
    return;
  }
  core.post(call, [call](runtime::Service& service) {
    service.on_run<wire::SignalWorkflowExecutionResponse>(
        target_of(call->request.namespace_(), call->request.workflow_execution()),
        [call](engine::Outcome& out, engine::Execution& run, const engine::Context& context) {
          return engine::signal_workflow(out, run, call->request, context);
        },
        respond(call));
  });
}

// With the first run of a chain the request means the chain: whichever run is its last. The run id is
// ignored.
template <class Request>
runtime::RunTarget target_in_chain(const Request& request) {
  temporal::api::common::v1::WorkflowExecution run = request.workflow_execution();
  if (!request.first_execution_run_id().empty()) {
    run.clear_run_id();
  }
  return target_of(request.namespace_(), run);
}

void request_cancel(Core& core, CancelCall call) {
  if (Status status =
          validate_execution(call->request.has_workflow_execution(), call->request.workflow_execution());
      !status.ok()) {
    call->answer(status);
    return;
  }
  core.post(call, [call](runtime::Service& service) {
    service.on_run<wire::RequestCancelWorkflowExecutionResponse>(
        target_in_chain(call->request),
        [call](engine::Outcome& out, engine::Execution& run, const engine::Context& context) {
          return engine::request_cancel_workflow(out, run, call->request, context);
        },
        respond(call));
  });
}

void terminate(Core& core, TerminateCall call) {
  if (Status status =
          validate_execution(call->request.has_workflow_execution(), call->request.workflow_execution());
      !status.ok()) {
    call->answer(status);
    return;
  }
  // Tells what a user did from what the service does by itself.
  if (call->request.reason().empty()) {
    call->request.set_reason("terminated by user via frontend");
  }
  if (call->request.identity().empty()) {
    call->request.set_identity("frontend-service");
  }
  core.post(call, [call](runtime::Service& service) {
    service.on_run<wire::TerminateWorkflowExecutionResponse>(
        target_in_chain(call->request),
        [call](engine::Outcome& out, engine::Execution& run, const engine::Context& context) {
          return engine::terminate_workflow(out, run, call->request, context);
        },
        respond(call));
  });
}

void describe(Core& core, DescribeCall call) {
  if (Status status = validate_execution(call->request.has_execution(), call->request.execution());
      !status.ok()) {
    call->answer(status);
    return;
  }
  core.post(call, [call](runtime::Service& service) {
    service.on_run<wire::DescribeWorkflowExecutionResponse>(
        target_of(call->request.namespace_(), call->request.execution()),
        [](engine::Outcome&, engine::Execution& run,
           const engine::Context& context) -> Result<wire::DescribeWorkflowExecutionResponse> {
          return engine::describe_workflow(run, context.now);
        },
        respond(call));
  });
}

}  // namespace

void add_workflow_methods(Methods& methods) {
  add_method(methods, "StartWorkflowExecution", NamespaceRule::kRegistered, &start);
  add_method(methods, "SignalWorkflowExecution", NamespaceRule::kRequired, &signal);
  add_method(methods, "RequestCancelWorkflowExecution", NamespaceRule::kRequired, &request_cancel);
  add_method(methods, "TerminateWorkflowExecution", NamespaceRule::kRequired, &terminate);
  add_method(methods, "DescribeWorkflowExecution", NamespaceRule::kRequired, &describe);
}

}  // namespace perdure::frontend
