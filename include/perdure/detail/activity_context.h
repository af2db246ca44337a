#pragma once
// Between activity code and the worker that runs it (src/worker). One attempt has one ActivityContext, which
// is the current one of the thread while the activity's code runs there.
#include <chrono>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "perdure/payload.h"
#include "perdure/retry_policy.h"

namespace perdure::client {
class Connection;
}

namespace perdure::activity {

struct Info {
  std::string activity_id{};
  std::string activity_type{};
  std::int32_t attempt = 1;
  std::string task_token{};  // bytes that name this attempt, for completing it from elsewhere
  std::string namespace_name{};
  std::string task_queue{};
  std::string workflow_id{};
  std::string workflow_run_id{};
  std::string workflow_type{};
  std::chrono::system_clock::time_point scheduled_time{};
  std::chrono::system_clock::time_point current_attempt_scheduled_time{};
  std::chrono::system_clock::time_point started_time{};
  std::optional<std::chrono::nanoseconds> schedule_to_close_timeout{};
  std::optional<std::chrono::nanoseconds> start_to_close_timeout{};
  std::optional<std::chrono::nanoseconds> heartbeat_timeout{};
  std::optional<RetryPolicy> retry_policy{};
  Payloads heartbeat_details{};  // of the previous attempt, see heartbeat_details<T>()
  bool is_local = false;         // runs within the workflow's own task; its heartbeats go nowhere
};

}  // namespace perdure::activity

namespace perdure::activity::detail {

class ActivityContext {
 public:
  virtual const Info& info() const = 0;
  // Throws CancelledError when the activity should stop; the details are kept nevertheless.
  virtual void heartbeat(Payloads details) = 0;
  virtual bool is_cancelled() const = 0;
  // Why it should stop; for the CancelledError.
  virtual std::string cancel_reason() const = 0;
  // The worker's.
  virtual std::shared_ptr<client::Connection> connection() const = 0;
  virtual bool wait_for_cancelled(std::chrono::nanoseconds at_most) = 0;
  // Resumes `waiting` on the event loop after `duration`, or at once when the activity should stop.
  virtual void resume_after(std::chrono::nanoseconds duration, std::coroutine_handle<> waiting) = 0;
  // Suspends `waiting`; what is returned, which is thread-safe, resumes it on the event loop, unless the
  // activity was told to stop before, which does, too.
  virtual std::function<void()> suspend(std::coroutine_handle<> waiting) = 0;

 protected:
  ~ActivityContext() = default;
};

// Throws PerdureError, naming `function`, outside of an activity.
ActivityContext& current_activity(const char* function);

}  // namespace perdure::activity::detail
