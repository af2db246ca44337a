#pragma once
// One attempt of an activity of the service's while it runs here: its heartbeats, and its one answer.
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "perdure/activity.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"
#include "worker/activity_attempt.h"
#include "worker/activity_measurement.h"
#include "worker/calls.h"

namespace perdure::worker {

using ActivityTask = temporal::api::workflowservice::v1::PollActivityTaskQueueResponse;

struct HeartbeatOptions {
  std::chrono::nanoseconds max_throttle_interval{};
  std::chrono::nanoseconds default_throttle_interval{};
};

// What the code of `task` may know of it.
activity::Info activity_info(const ActivityTask& task, std::string task_queue);

// Kept alive by whoever runs it and by its calls. Thread-safe.
class RunningActivity final : public ActivityAttempt {
 public:
  // `calls` outlives it. `finished` is called once, when the answer was accepted or refused.
  RunningActivity(Calls& calls, const ActivityTask& task, std::string task_queue, std::string identity,
                  HeartbeatOptions heartbeat_options, std::function<void()> finished);

  // Behind its interceptors.
  void record_heartbeat(Payloads details) override;
  void succeed(const Payload& result) override;
  void fail(const std::exception_ptr& exception) override;
  void measure(std::unique_ptr<ActivityMeasurement> measurement) { measurement_ = std::move(measurement); }

 private:
  std::shared_ptr<RunningActivity> shared() {
    return std::static_pointer_cast<RunningActivity>(shared_from_this());
  }
  void send_heartbeat(Payloads details);
  void send_late_heartbeat(Payloads details);
  void open_throttle_window();
  void throttle_window_ended();
  void answer_cancelled(const CancelledError& error);
  void leave_open();
  void answer_failed(const std::exception_ptr& exception);
  void answer_too_large(const Status& status);
  void answer_codec_error(const std::exception_ptr& codec_error);
  template <class Response, class Request>
  void answer(const char* method, Request request);
  template <class Response, class Request>
  void send_answer(const char* method, Request request);

  std::unique_ptr<ActivityMeasurement> measurement_;  // null: nobody wants to know
  const std::string identity_;
  const std::chrono::nanoseconds throttle_interval_;
  std::function<void()> finished_;  // emptied when it is called: it may own what waits for this activity

  // Guarded by mutex_.
  bool throttled_ = false;
  std::optional<Payloads> unsent_details_;
  EventLoop::TimerId throttle_timer_{};
};

}  // namespace perdure::worker
