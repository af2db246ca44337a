// Answers for activities that are completed from elsewhere, by token or by id.
#include <utility>

#include "api/failure_conversion.h"
#include "api/payload_conversion.h"
#include "client/connection.h"
#include "client/rpc_error.h"
#include "perdure/async_activity.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::detail {
namespace {

namespace service = temporal::api::workflowservice::v1;

// Fills what names the activity, sends, and gives the response.
template <class Response, class Request>
Response send(const AsyncActivityReference& activity, std::string_view method, Request request) {
  client::Connection& connection = *activity.connection;
  request.set_namespace_(connection.namespace_name());
  request.set_identity(connection.identity());
  if constexpr (requires { request.set_task_token(activity.task_token); }) {
    request.set_task_token(activity.task_token);
  } else {
    request.set_workflow_id(activity.workflow_id);
    request.set_run_id(activity.run_id);
    request.set_activity_id(activity.activity_id);
  }
  Response response;
  client::throw_if_failed(client::call_with_retry(connection, method, request, &response));
  return response;
}

template <class Request>
Request with_details(const Payloads& details) {
  Request request;
  if (!details.empty()) {
    api::set_payloads(request.mutable_details(), details);
  }
  return request;
}

template <class Request>
Request with_result(const Payload& result) {
  Request request;
  api::set_payload(request.mutable_result()->add_payloads(), result);
  return request;
}

template <class Request>
Request with_failure(const std::exception_ptr& failure, const Payloads& last_heartbeat_details) {
  Request request;
  *request.mutable_failure() = api::exception_to_failure(failure);
  if (!last_heartbeat_details.empty()) {
    api::set_payloads(request.mutable_last_heartbeat_details(), last_heartbeat_details);
  }
  return request;
}

}  // namespace

void heartbeat_async_activity(const AsyncActivityReference& activity, Payloads details) {
  const bool cancel_requested =
      activity.task_token.empty()
          ? send<service::RecordActivityTaskHeartbeatByIdResponse>(
                activity, "RecordActivityTaskHeartbeatById",
                with_details<service::RecordActivityTaskHeartbeatByIdRequest>(details))
                .cancel_requested()
          : send<service::RecordActivityTaskHeartbeatResponse>(
                activity, "RecordActivityTaskHeartbeat",
                with_details<service::RecordActivityTaskHeartbeatRequest>(details))
                .cancel_requested();
  if (cancel_requested) {
    throw CancelledError("the workflow asked the activity to cancel");
  }
}

void complete_async_activity(const AsyncActivityReference& activity, Payload result) {
  if (activity.task_token.empty()) {
    send<service::RespondActivityTaskCompletedByIdResponse>(
        activity, "RespondActivityTaskCompletedById",
        with_result<service::RespondActivityTaskCompletedByIdRequest>(result));
  } else {
    send<service::RespondActivityTaskCompletedResponse>(
        activity, "RespondActivityTaskCompleted",
        with_result<service::RespondActivityTaskCompletedRequest>(result));
  }
}

void fail_async_activity(const AsyncActivityReference& activity, const std::exception_ptr& failure,
                         Payloads last_heartbeat_details) {
  if (activity.task_token.empty()) {
    send<service::RespondActivityTaskFailedByIdResponse>(
        activity, "RespondActivityTaskFailedById",
        with_failure<service::RespondActivityTaskFailedByIdRequest>(failure, last_heartbeat_details));
  } else {
    send<service::RespondActivityTaskFailedResponse>(
        activity, "RespondActivityTaskFailed",
        with_failure<service::RespondActivityTaskFailedRequest>(failure, last_heartbeat_details));
  }
}

void cancel_async_activity(const AsyncActivityReference& activity, Payloads details) {
  if (activity.task_token.empty()) {
    send<service::RespondActivityTaskCanceledByIdResponse>(
        activity, "RespondActivityTaskCanceledById",
        with_details<service::RespondActivityTaskCanceledByIdRequest>(details));
  } else {
    send<service::RespondActivityTaskCanceledResponse>(
        activity, "RespondActivityTaskCanceled",
        with_details<service::RespondActivityTaskCanceledRequest>(details));
  }
}

}  // namespace perdure::detail
