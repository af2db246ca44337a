// Queries, the answers of the workers that are asked directly, and the end of a run's stickiness.
#include <algorithm>
#include <chrono>
#include <utility>

#include "engine/query.h"
#include "frontend/core.h"
#include "frontend/validate.h"

namespace perdure::frontend {
namespace {

namespace enums = temporal::api::enums::v1;
using QueryCall = CallPointer<wire::QueryWorkflowRequest, wire::QueryWorkflowResponse>;
using AnswerCall =
    CallPointer<wire::RespondQueryTaskCompletedRequest, wire::RespondQueryTaskCompletedResponse>;
using ResetCall = CallPointer<wire::ResetStickyTaskQueueRequest, wire::ResetStickyTaskQueueResponse>;

constexpr const char* kTooLarge = "Blob data size exceeds limit.";
// Ours, for callers that say nothing and for those that would never give up.
constexpr std::chrono::seconds kWaitDefault{30};
constexpr std::chrono::hours kLongestWait{1};

Status validate_query(const wire::QueryWorkflowRequest& request) {
  if (Status status = validate_execution(request.has_execution(), request.execution()); !status.ok()) {
    return status;
  }
  if (!request.has_query()) {
    return invalid_argument("WorkflowQuery is not set on request.");
  }
  if (request.query().query_type().empty()) {
    return invalid_argument("QueryType is not set on request.");
  }
  return is_oversize(request.query().query_args()) ? invalid_argument(kTooLarge) : Status();
}

void query(Core& core, QueryCall call) {
  if (Status status = validate_query(call->request); !status.ok()) {
    call->answer(status);
    return;
  }
  core.post(call, [call](runtime::Service& service) {
    runtime::QueryCall query;
    query.id = call->ticket;
    query.target = target_of(call->request.namespace_(), call->request.execution());
    query.query.Swap(call->request.mutable_query());
    query.reject_condition = call->request.query_reject_condition();
    query.max_wait =
        std::clamp<Duration>(call->options.timeout.value_or(kWaitDefault), Duration::zero(), kLongestWait);
    service.query_workflow(std::move(query), respond(call));
  });
}

void answer(Core& core, AnswerCall call) {
  auto token = core.tokens.open_query_task(call->request.task_token());
  if (!token.ok()) {
    call->answer(token.status());
    return;
  }
  if (Status status = check_token_namespace(call->request.namespace_(), token->namespace_name);
      !status.ok()) {
    call->answer(status);
    return;
  }
  if (is_oversize(call->request.query_result())) {
    call->request.set_completed_type(enums::QUERY_RESULT_TYPE_FAILED);
    call->request.clear_query_result();
    call->request.clear_failure();
    call->request.set_error_message(kTooLarge);
  }
  core.post(
      call,
      [call, task = token->task](runtime::Service& service) {
        call->answer(service.answer_query_task(task, call->request));
      },
      runtime::Admission::kReserved);
}

void reset_sticky_task_queue(Core& core, ResetCall call) {
  if (Status status = validate_execution(call->request.has_execution(), call->request.execution());
      !status.ok()) {
    call->answer(status);
    return;
  }
  core.post(call, [call](runtime::Service& service) {
    service.on_run<wire::ResetStickyTaskQueueResponse>(
        target_of(call->request.namespace_(), call->request.execution()),
        [](engine::Outcome& out, engine::Execution& run,
           const engine::Context& context) -> Result<wire::ResetStickyTaskQueueResponse> {
          if (Status status = engine::reset_sticky_task_queue(out, run, context); !status.ok()) {
            return status;
          }
          return wire::ResetStickyTaskQueueResponse();
        },
        respond(call));
  });
}

}  // namespace

void add_query_methods(Methods& methods) {
  add_method(methods, "QueryWorkflow", NamespaceRule::kRequired, &query);
  add_method(methods, "RespondQueryTaskCompleted", NamespaceRule::kFromToken, &answer);
  add_method(methods, "ResetStickyTaskQueue", NamespaceRule::kRequired, &reset_sticky_task_queue);
}

}  // namespace perdure::frontend
