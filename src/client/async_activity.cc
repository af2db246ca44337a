// Answers for activities that are completed from elsewhere, by token or by id.
#include <utility>

#include "api/failure_conversion.h"
#include "api/payload_conversion.h"
#include "client/connection.h"
#include "client/outbound.h"
#include "client/rpc_error.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::client {
namespace {

namespace service = temporal::api::workflowservice::v1;

// Fills what names the activity. `read` is given the response.
template <class Response, class Request, class Read>
PreparedCall<void> prepare_answer(Connection& connection, const AsyncActivityTarget& activity,
                                  std::string_view method, Request request, Read read) {
  request.set_namespace_(connection.namespace_name());
  request.set_identity(connection.identity());
  if constexpr (requires { request.set_task_token(activity.task_token); }) {
    request.set_task_token(activity.task_token);
  } else {
    request.set_workflow_id(activity.workflow_id);
    request.set_run_id(activity.run_id);
    request.set_activity_id(activity.activity_id);
  }
  return prepare<void, Response>(method, std::move(request),
                                 [read](const Status& status, const Response& response) {
                                   throw_if_failed(status);
                                   read(response);
                                 });
}

constexpr auto kNothingToRead = [](const auto&) {};
constexpr auto kReadCancellation = [](const auto& response) {
  if (response.cancel_requested()) {
    throw CancelledError("the workflow asked the activity to cancel");
  }
};

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

PreparedCall<void> prepare_heartbeat(Connection& connection, const HeartbeatAsyncActivityInput& input) {
  if (input.activity.task_token.empty()) {
    return prepare_answer<service::RecordActivityTaskHeartbeatByIdResponse>(
        connection, input.activity, "RecordActivityTaskHeartbeatById",
        with_details<service::RecordActivityTaskHeartbeatByIdRequest>(input.details), kReadCancellation);
  }
  return prepare_answer<service::RecordActivityTaskHeartbeatResponse>(
      connection, input.activity, "RecordActivityTaskHeartbeat",
      with_details<service::RecordActivityTaskHeartbeatRequest>(input.details), kReadCancellation);
}

PreparedCall<void> prepare_completion(Connection& connection, const CompleteAsyncActivityInput& input) {
  if (input.activity.task_token.empty()) {
    return prepare_answer<service::RespondActivityTaskCompletedByIdResponse>(
        connection, input.activity, "RespondActivityTaskCompletedById",
        with_result<service::RespondActivityTaskCompletedByIdRequest>(input.result), kNothingToRead);
  }
  return prepare_answer<service::RespondActivityTaskCompletedResponse>(
      connection, input.activity, "RespondActivityTaskCompleted",
      with_result<service::RespondActivityTaskCompletedRequest>(input.result), kNothingToRead);
}

PreparedCall<void> prepare_failure(Connection& connection, const FailAsyncActivityInput& input) {
  if (input.activity.task_token.empty()) {
    return prepare_answer<service::RespondActivityTaskFailedByIdResponse>(
        connection, input.activity, "RespondActivityTaskFailedById",
        with_failure<service::RespondActivityTaskFailedByIdRequest>(input.error,
                                                                    input.last_heartbeat_details),
        kNothingToRead);
  }
  return prepare_answer<service::RespondActivityTaskFailedResponse>(
      connection, input.activity, "RespondActivityTaskFailed",
      with_failure<service::RespondActivityTaskFailedRequest>(input.error, input.last_heartbeat_details),
      kNothingToRead);
}

PreparedCall<void> prepare_cancellation(Connection& connection,
                                        const ReportCancellationAsyncActivityInput& input) {
  if (input.activity.task_token.empty()) {
    return prepare_answer<service::RespondActivityTaskCanceledByIdResponse>(
        connection, input.activity, "RespondActivityTaskCanceledById",
        with_details<service::RespondActivityTaskCanceledByIdRequest>(input.details), kNothingToRead);
  }
  return prepare_answer<service::RespondActivityTaskCanceledResponse>(
      connection, input.activity, "RespondActivityTaskCanceled",
      with_details<service::RespondActivityTaskCanceledRequest>(input.details), kNothingToRead);
}

}  // namespace perdure::client
