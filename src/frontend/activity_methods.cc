// What workers, or others on their behalf, say about activities: by task token, or by workflow and activity
// id. Both forms become the token form's request before they reach the engine. Details, results and failures
// over the limit do not fail the request but the activity (as Temporal's frontend).
#include <memory>
#include <optional>
#include <utility>

#include "api/convert.h"
#include "base/limits.h"
#include "base/uuid.h"
#include "frontend/core.h"
#include "frontend/validate.h"

namespace perdure::frontend {
namespace {

// Which attempt of which activity a request is about.
struct Activity {
  runtime::RunTarget run;
  engine::ActivityTaskRef task;
};

template <class Request>
concept ByToken = requires(const Request& request) { request.task_token(); };

template <class Request>
Result<Activity> activity_of(const Core& core, const Request& request) {
  if constexpr (ByToken<Request>) {
    if (request.task_token().empty()) {
      return invalid_argument("Task token not set on request.");
    }
    auto token = core.tokens.open_activity_task(request.task_token());
    if (!token.ok()) {
      return token.status();
    }
    if (Status status = check_token_namespace(request.namespace_(), token->namespace_name); !status.ok()) {
      return status;
    }
    return Activity{{token->execution, {}, token->run_id}, token->task};
  } else {
    if (request.activity_id().empty()) {
      return invalid_argument("ActivityId is not set on request.");
    }
    if (request.workflow_id().empty()) {
      return invalid_argument("WorkflowId is not set on request.");
    }
    if (!request.run_id().empty() && !is_uuid(request.run_id())) {
      return invalid_argument("Invalid RunId.");
    }
    Activity activity;
    activity.run.key = {NamespaceName(request.namespace_()), WorkflowId(request.workflow_id())};
    activity.run.run_id = RunId(request.run_id());
    activity.task.activity_id = request.activity_id();
    return activity;
  }
}

// Names the activity and checks what all these requests have in common; answers the call if something is
// wrong.
template <class CallType>
std::optional<Activity> open(const Core& core, CallType& call) {
  auto activity = activity_of(core, call.request);
  Status status = activity.status();
  if (status.ok()) {
    status = validate_identity(call.request.identity());
  }
  if (!status.ok()) {
    call.answer(status);
    return std::nullopt;
  }
  return std::move(activity).value();
}

// Runs one engine command on the activity's run.
template <class EngineResponse, class CallType, class Command>
void run_command(Core& core, const std::shared_ptr<CallType>& call, Activity activity, Command command,
                 std::function<void(const EngineResponse&)> write) {
  core.post(
      call,
      [call, activity = std::move(activity), command = std::move(command),
       write = std::move(write)](runtime::Service& service) {
        service.on_run<EngineResponse>(
            activity.run,
            [command, task = activity.task](engine::Outcome& out, engine::Execution& run,
                                            const engine::Context& context) {
              return command(out, run, task, context);
            },
            [call, write](Result<EngineResponse> response) {
              if (response.ok()) {
                write(*response);
              }
              call->answer(response.status());
            });
      },
      runtime::Admission::kReserved);
}

template <class CallType>
void fail_oversize(
    Core& core, const std::shared_ptr<CallType>& call, Activity activity, const char* why,
    std::function<void()> write = [] {}) {
  wire::RespondActivityTaskFailedRequest request;
  *request.mutable_failure() = api::server_failure(why, /*non_retryable=*/true);
  request.set_identity(call->request.identity());
  run_command<wire::RespondActivityTaskFailedResponse>(
      core, call, std::move(activity),
      [request = std::move(request)](engine::Outcome& out, engine::Execution& run,
                                     const engine::ActivityTaskRef& task, const engine::Context& context) {
        return engine::fail_activity(out, run, task, request, context);
      },
      [write = std::move(write)](const auto&) { write(); });
}

// The API calls the field deprecated, but SDKs still report their build here.
template <class Request, class Out>
void copy_build_id(const Request& request, Out* out) {
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
  if constexpr (ByToken<Request>) {
    if (request.has_worker_version() && !request.worker_version().use_versioning()) {
      *out->mutable_worker_version() = request.worker_version();
    }
  }
#pragma clang diagnostic pop
}

template <class Request, class Response>
void completed(Core& core, CallPointer<Request, Response> call) {
  auto activity = open(core, *call);
  if (!activity) {
    return;
  }
  if (is_oversize(call->request.result())) {
    fail_oversize(core, call, std::move(*activity), "Complete result exceeds size limit.");
    return;
  }
  wire::RespondActivityTaskCompletedRequest request;
  copy_build_id(call->request, &request);
  if (call->request.has_result()) {
    *request.mutable_result() = std::move(*call->request.mutable_result());
  }
  request.set_identity(call->request.identity());
  run_command<wire::RespondActivityTaskCompletedResponse>(
      core, call, std::move(*activity),
      [request = std::move(request)](engine::Outcome& out, engine::Execution& run,
                                     const engine::ActivityTaskRef& task, const engine::Context& context) {
        return engine::complete_activity(out, run, task, request, context);
      },
      [](const auto&) {});
}

template <class Request, class Response>
void failed(Core& core, CallPointer<Request, Response> call) {
  auto activity = open(core, *call);
  if (!activity) {
    return;
  }
  if (ByToken<Request> && call->request.has_failure()) {  // by id, Temporal does not look
    if (Status status = validate_activity_failure(call->request.failure()); !status.ok()) {
      call->answer(status);
      return;
    }
  }
  wire::RespondActivityTaskFailedRequest request;
  copy_build_id(call->request, &request);
  request.set_identity(call->request.identity());
  if (call->request.has_failure()) {
    *request.mutable_failure() = std::move(*call->request.mutable_failure());
  }
  if (call->request.has_last_heartbeat_details() && is_oversize(call->request.last_heartbeat_details())) {
    *call->response->add_failures() = api::server_failure("Heartbeat details exceed size limit.", true);
  } else if (call->request.has_last_heartbeat_details()) {
    *request.mutable_last_heartbeat_details() = std::move(*call->request.mutable_last_heartbeat_details());
  }
  if (is_oversize(request.failure())) {
    auto failure = api::server_failure("Failure exceeds size limit.", /*non_retryable=*/true);
    *failure.mutable_cause() = truncated(request.failure(), limits::kBlobWarn);
    *request.mutable_failure() = failure;
    *call->response->add_failures() = std::move(failure);
  }
  run_command<wire::RespondActivityTaskFailedResponse>(
      core, call, std::move(*activity),
      [request = std::move(request)](engine::Outcome& out, engine::Execution& run,
                                     const engine::ActivityTaskRef& task, const engine::Context& context) {
        return engine::fail_activity(out, run, task, request, context);
      },
      [](const auto&) {});
}

template <class Request, class Response>
void canceled(Core& core, CallPointer<Request, Response> call) {
  auto activity = open(core, *call);
  if (!activity) {
    return;
  }
  if (is_oversize(call->request.details())) {
    fail_oversize(core, call, std::move(*activity), "Cancel details exceed size limit.");
    return;
  }
  wire::RespondActivityTaskCanceledRequest request;
  if (call->request.has_details()) {
    *request.mutable_details() = std::move(*call->request.mutable_details());
  }
  request.set_identity(call->request.identity());
  run_command<wire::RespondActivityTaskCanceledResponse>(
      core, call, std::move(*activity),
      [request = std::move(request)](engine::Outcome& out, engine::Execution& run,
                                     const engine::ActivityTaskRef& task, const engine::Context& context) {
        return engine::cancel_activity(out, run, task, request, context);
      },
      [](const auto&) {});
}

template <class Request, class Response>
void heartbeat(Core& core, CallPointer<Request, Response> call) {
  auto activity = open(core, *call);
  if (!activity) {
    return;
  }
  if (is_oversize(call->request.details())) {
    fail_oversize(core, call, std::move(*activity), "Heartbeat details exceed size limit.",
                  [call] { call->response->set_cancel_requested(true); });
    return;
  }
  wire::RecordActivityTaskHeartbeatRequest request;
  if (call->request.has_details()) {
    *request.mutable_details() = std::move(*call->request.mutable_details());
  }
  request.set_identity(call->request.identity());
  run_command<wire::RecordActivityTaskHeartbeatResponse>(
      core, call, std::move(*activity),
      [request = std::move(request)](engine::Outcome& out, engine::Execution& run,
                                     const engine::ActivityTaskRef& task, const engine::Context& context) {
        return engine::heartbeat_activity(out, run, task, request, context);
      },
      [call](const wire::RecordActivityTaskHeartbeatResponse& answer) {
        call->response->set_cancel_requested(answer.cancel_requested());
        call->response->set_activity_paused(answer.activity_paused());
        call->response->set_activity_reset(answer.activity_reset());
      });
}

}  // namespace

void add_activity_methods(Methods& methods) {
  using enum NamespaceRule;
  add_method(
      methods, "RespondActivityTaskCompleted", kFromToken,
      &completed<wire::RespondActivityTaskCompletedRequest, wire::RespondActivityTaskCompletedResponse>);
  add_method(methods, "RespondActivityTaskCompletedById", kRequired,
             &completed<wire::RespondActivityTaskCompletedByIdRequest,
                        wire::RespondActivityTaskCompletedByIdResponse>);
  add_method(methods, "RespondActivityTaskFailed", kFromToken,
             &failed<wire::RespondActivityTaskFailedRequest, wire::RespondActivityTaskFailedResponse>);
  add_method(
      methods, "RespondActivityTaskFailedById", kRequired,
      &failed<wire::RespondActivityTaskFailedByIdRequest, wire::RespondActivityTaskFailedByIdResponse>);
  add_method(methods, "RespondActivityTaskCanceled", kFromToken,
             &canceled<wire::RespondActivityTaskCanceledRequest, wire::RespondActivityTaskCanceledResponse>);
  add_method(
      methods, "RespondActivityTaskCanceledById", kRequired,
      &canceled<wire::RespondActivityTaskCanceledByIdRequest, wire::RespondActivityTaskCanceledByIdResponse>);
  add_method(methods, "RecordActivityTaskHeartbeat", kFromToken,
             &heartbeat<wire::RecordActivityTaskHeartbeatRequest, wire::RecordActivityTaskHeartbeatResponse>);
  add_method(methods, "RecordActivityTaskHeartbeatById", kRequired,
             &heartbeat<wire::RecordActivityTaskHeartbeatByIdRequest,
                        wire::RecordActivityTaskHeartbeatByIdResponse>);
}

}  // namespace perdure::frontend
