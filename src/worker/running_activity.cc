#include "worker/running_activity.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "api/convert.h"
#include "api/failure_conversion.h"
#include "api/payload_conversion.h"
#include "worker/encoded_failure.h"
#include "worker/warn.h"

namespace perdure::worker {
namespace {

namespace service = temporal::api::workflowservice::v1;

std::chrono::system_clock::time_point to_time_point(const google::protobuf::Timestamp& time) {
  return std::chrono::system_clock::time_point(
      std::chrono::duration_cast<std::chrono::system_clock::duration>(Duration(api::from_proto(time).nanos)));
}

std::optional<std::chrono::nanoseconds> to_timeout(bool present, const google::protobuf::Duration& duration) {
  const Duration value = api::from_proto(duration);
  return present && value > Duration::zero() ? std::optional(value) : std::nullopt;
}

}  // namespace

activity::Info activity_info(const ActivityTask& task, std::string task_queue) {
  activity::Info info{
      .activity_id = task.activity_id(),
      .activity_type = task.activity_type().name(),
      .attempt = task.attempt(),
      .task_token = task.task_token(),
      .namespace_name = task.workflow_namespace(),
      .task_queue = std::move(task_queue),
      .workflow_id = task.workflow_execution().workflow_id(),
      .workflow_run_id = task.workflow_execution().run_id(),
      .workflow_type = task.workflow_type().name(),
      .scheduled_time = to_time_point(task.scheduled_time()),
      .current_attempt_scheduled_time = to_time_point(task.current_attempt_scheduled_time()),
      .started_time = to_time_point(task.started_time()),
      .schedule_to_close_timeout =
          to_timeout(task.has_schedule_to_close_timeout(), task.schedule_to_close_timeout()),
      .start_to_close_timeout = to_timeout(task.has_start_to_close_timeout(), task.start_to_close_timeout()),
      .heartbeat_timeout = to_timeout(task.has_heartbeat_timeout(), task.heartbeat_timeout()),
      .heartbeat_details = api::payloads_from_proto(task.heartbeat_details())};
  if (task.has_retry_policy()) {
    info.retry_policy = api::retry_policy_from_proto(task.retry_policy());
  }
  return info;
}

namespace {

std::chrono::nanoseconds throttle_interval(const activity::Info& info, const HeartbeatOptions& options) {
  return info.heartbeat_timeout ? std::min(*info.heartbeat_timeout * 8 / 10, options.max_throttle_interval)
                                : options.default_throttle_interval;
}

}  // namespace

RunningActivity::RunningActivity(Calls& calls, const ActivityTask& task, std::string task_queue,
                                 std::string identity, HeartbeatOptions heartbeat_options,
                                 std::function<void()> finished)
    : ActivityAttempt(calls, activity_info(task, std::move(task_queue))),
      identity_(std::move(identity)),
      throttle_interval_(throttle_interval(info_, heartbeat_options)),
      finished_(std::move(finished)) {}

// ---- heartbeats
// -------------------------------------------------------------------------------------------------

void RunningActivity::record_heartbeat(Payloads details) {
  bool send = false;
  {
    const std::lock_guard lock(mutex_);
    send = !throttled_ && !ended_;
    if (send) {
      throttled_ = true;
    } else {
      unsent_details_ = std::move(details);
    }
  }
  if (send) {
    open_throttle_window();
    send_heartbeat(std::move(details));  // NOLINT(bugprone-use-after-move): it was moved only if not sent
  }
  if (is_cancelled()) {
    throw CancelledError(cancel_reason());
  }
}

void RunningActivity::open_throttle_window() {
  const auto timer =
      calls_.loop().run_after(throttle_interval_, [self = shared()] { self->throttle_window_ended(); });
  const std::lock_guard lock(mutex_);
  throttle_timer_ = timer;
}

void RunningActivity::throttle_window_ended() {
  std::optional<Payloads> details;
  {
    const std::lock_guard lock(mutex_);
    details = ended_ ? std::nullopt : std::exchange(unsent_details_, std::nullopt);
    throttled_ = details.has_value();
  }
  if (details) {
    open_throttle_window();
    send_late_heartbeat(*std::move(details));
  }
}

void RunningActivity::send_heartbeat(Payloads details) {
  auto request = std::make_shared<service::RecordActivityTaskHeartbeatRequest>();
  request->set_namespace_(calls_.connection().namespace_name());
  request->set_identity(identity_);
  request->set_task_token(info_.task_token);
  if (!details.empty()) {
    api::set_payloads(request->mutable_details(), details);
  }
  if (const client::Boundary* boundary = calls_.connection().boundary()) {
    boundary->encode(request.get());
  }
  calls_.send<service::RecordActivityTaskHeartbeatResponse, service::RecordActivityTaskHeartbeatRequest>(
      "RecordActivityTaskHeartbeat", std::move(request),
      [self = shared()](const Status& status, const auto& response) {
        if (status.code() == Code::kNotFound) {
          self->stop(StopReason::kGone);
        } else if (status.ok() && response.cancel_requested()) {
          self->stop(StopReason::kRequested);
        }
      });
}

// Its code is elsewhere by now.
void RunningActivity::send_late_heartbeat(Payloads details) {
  try {
    send_heartbeat(std::move(details));
  } catch (const DataConversionError& error) {
    warn(std::string("a heartbeat is lost: ") + error.what(), {{"activity_id", info_.activity_id}});
  }
}

// ---- the end
// ----------------------------------------------------------------------------------------------------

template <class Response, class Request>
void RunningActivity::answer(const char* method, Request request) {
  if (const client::Boundary* boundary = calls_.connection().boundary()) {
    try {
      boundary->encode(&request);
    } catch (const DataConversionError&) {
      answer_codec_error(std::current_exception());
      return;
    }
  }
  send_answer<Response>(method, std::move(request));
}

// A failure arrives even when the codec fails.
void RunningActivity::answer_codec_error(const std::exception_ptr& codec_error) {
  service::RespondActivityTaskFailedRequest request;
  *request.mutable_failure() =
      encoded_failure(calls_.connection().boundary(), api::exception_to_failure(codec_error));
  send_answer<service::RespondActivityTaskFailedResponse>("RespondActivityTaskFailed", std::move(request));
}

template <class Response, class Request>
void RunningActivity::send_answer(const char* method, Request request) {
  request.set_namespace_(calls_.connection().namespace_name());
  request.set_identity(identity_);
  request.set_task_token(info_.task_token);
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    calls_.loop().cancel(throttle_timer_);
  }
  // A refusal needs no further action: NOT_FOUND means that nobody waits for this attempt any more, and after
  // anything else the attempt times out. But what is too large would be as large the next time.
  constexpr bool kIsFailure = std::is_same_v<Request, service::RespondActivityTaskFailedRequest>;
  calls_.send<Response, Request>(
      method, std::make_shared<const Request>(std::move(request)),
      [self = shared()](const Status& status, const auto&) {
        if (!kIsFailure && client::is_message_too_large(status)) {
          self->answer_too_large(status);
          return;
        }
        const auto finished = std::exchange(self->finished_, nullptr);
        finished();
      },
      client::CallKind::kAnswer);
}

void RunningActivity::answer_too_large(const Status& status) {
  answer_failed(
      std::make_exception_ptr(ApplicationError("the activity's answer is too large: " + status.message(),
                                               {.type = "GrpcMessageTooLarge", .non_retryable = true})));
}

void RunningActivity::succeed(const Payload& result) {
  if (measurement_) {
    measurement_->succeeded();
  }
  service::RespondActivityTaskCompletedRequest request;
  api::set_payload(request.mutable_result()->add_payloads(), result);
  answer<service::RespondActivityTaskCompletedResponse>("RespondActivityTaskCompleted", std::move(request));
}

void RunningActivity::fail(const std::exception_ptr& exception) {
  const StopReason reason = stop_reason();
  try {
    std::rethrow_exception(exception);
  } catch (const CompleteAsyncError&) {
    leave_open();
  } catch (const CancelledError& error) {
    if (reason == StopReason::kRequested) {
      answer_cancelled(error);
    } else if (reason == StopReason::kWorkerShutdown) {
      answer_failed(std::make_exception_ptr(
          ApplicationError("the worker shut down while the activity ran", {.type = "WorkerShutdown"})));
    } else {
      answer_failed(std::make_exception_ptr(
          ApplicationError("Unhandled activity cancel error", {.type = "CancelledError"})));
    }
  } catch (...) {
    answer_failed(exception);
  }
}

// Somebody else answers. A heartbeat that waits for its turn is lost unless it goes now.
void RunningActivity::leave_open() {
  if (measurement_) {
    measurement_->ended();
  }
  std::optional<Payloads> unsent;
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    calls_.loop().cancel(throttle_timer_);
    unsent = std::exchange(unsent_details_, std::nullopt);
  }
  if (unsent) {
    send_late_heartbeat(*std::move(unsent));
  }
  const auto finished = std::exchange(finished_, nullptr);
  finished();
}

void RunningActivity::answer_cancelled(const CancelledError& error) {
  if (measurement_) {
    measurement_->ended();
  }
  service::RespondActivityTaskCanceledRequest request;
  if (const Payloads details = error.details(); !details.empty()) {
    api::set_payloads(request.mutable_details(), details);
  }
  answer<service::RespondActivityTaskCanceledResponse>("RespondActivityTaskCanceled", std::move(request));
}

void RunningActivity::answer_failed(const std::exception_ptr& exception) {
  if (measurement_) {
    measurement_->failed();
  }
  service::RespondActivityTaskFailedRequest request;
  std::optional<Payloads> unsent;
  {
    const std::lock_guard lock(mutex_);
    unsent = std::exchange(unsent_details_, std::nullopt);
  }
  if (unsent) {
    // The next attempt begins where this one last said that it was.
    api::set_payloads(request.mutable_last_heartbeat_details(), *unsent);
  }
  const client::Boundary* boundary = calls_.connection().boundary();
  try {
    if (boundary != nullptr) {
      boundary->encode(&request);
    }
  } catch (const DataConversionError& error) {
    warn(std::string("the details of an activity's last heartbeat are lost: ") + error.what(),
         {{"activity_id", info_.activity_id}});
    request.clear_last_heartbeat_details();
  }
  // Whatever the codec does: whether the activity is tried again is the failure's to say.
  *request.mutable_failure() = encoded_failure(boundary, api::exception_to_failure(exception));
  send_answer<service::RespondActivityTaskFailedResponse>("RespondActivityTaskFailed", std::move(request));
}

}  // namespace perdure::worker
