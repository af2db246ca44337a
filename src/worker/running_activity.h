#pragma once
// One attempt of an activity while it runs here: what its code sees, its heartbeats, and its one answer.
#include <chrono>
#include <condition_variable>
#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "perdure/activity.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"
#include "worker/calls.h"

namespace perdure::worker {

using ActivityTask = temporal::api::workflowservice::v1::PollActivityTaskQueueResponse;

struct HeartbeatOptions {
  std::chrono::nanoseconds max_throttle_interval{};
  std::chrono::nanoseconds default_throttle_interval{};
};

// What the code of `task` may know of it.
activity::Info activity_info(const ActivityTask& task, std::string task_queue);

// Why an activity should stop.
enum class StopReason {
  kNone,
  kRequested,       // the workflow cancelled it; it may answer "cancelled"
  kGone,            // the service does not know the attempt any more: timed out, or its workflow closed
  kWorkerShutdown,  // the attempt fails, and another worker tries again
};

// Kept alive by whoever runs it and by its calls. Thread-safe.
class RunningActivity final : public activity::detail::ActivityContext,
                              public std::enable_shared_from_this<RunningActivity> {
 public:
  // `calls` outlives it. `finished` is called once, when the answer was accepted or refused.
  RunningActivity(Calls& calls, const ActivityTask& task, std::string task_queue, std::string identity,
                  HeartbeatOptions heartbeat_options, std::function<void()> finished);

  // Its code asks:
  const activity::Info& info() const override { return info_; }
  void heartbeat(Payloads details) override;
  bool is_cancelled() const override;
  std::string cancel_reason() const override;
  std::shared_ptr<client::Connection> connection() const override {
    return calls_.connection().shared_from_this();
  }
  bool wait_for_cancelled(std::chrono::nanoseconds at_most) override;
  void resume_after(std::chrono::nanoseconds duration, std::coroutine_handle<> waiting) override;

  // Its worker says:
  void stop(StopReason reason);
  // `told` is called once, when the activity should stop, or now if it should already. It must not block.
  void on_stop(std::function<void()> told);
  // The end, once.
  void succeed(const Payload& result);
  void fail(const std::exception_ptr& exception);

 private:
  void send_heartbeat(Payloads details);
  void open_throttle_window();
  void throttle_window_ended();
  void resume_waiting();
  void answer_cancelled(const CancelledError& error);
  void leave_open();
  void answer_failed(const std::exception_ptr& exception);
  void answer_too_large(const Status& status);
  template <class Response, class Request>
  void answer(const char* method, Request request);

  Calls& calls_;
  const activity::Info info_;
  const std::string identity_;
  const std::chrono::nanoseconds throttle_interval_;
  std::function<void()> finished_;  // emptied when it is called: it may own what waits for this activity

  mutable std::mutex mutex_;
  std::condition_variable stopped_;
  StopReason stop_reason_ = StopReason::kNone;
  std::function<void()> on_stop_;
  bool ended_ = false;
  bool throttled_ = false;
  std::optional<Payloads> unsent_details_;
  EventLoop::TimerId throttle_timer_{};

  // Of a coroutine that sleeps. Event loop only.
  std::coroutine_handle<> waiting_;
  EventLoop::TimerId waiting_timer_{};
};

}  // namespace perdure::worker
