#pragma once
// One attempt of an activity while its code runs here: what the code sees, and how it hears that it should
// stop. Where its end is told is up to the two kinds: RunningActivity, of the service, and LocalAttempt, of a
// workflow here.
#include <chrono>
#include <condition_variable>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "perdure/activity.h"
#include "worker/activity_interception.h"
#include "worker/calls.h"

namespace perdure::worker {

// Why an activity should stop.
enum class StopReason {
  kNone,
  kRequested,       // the workflow cancelled it; it may answer "cancelled"
  kGone,            // nobody waits for the attempt any more: timed out, or its workflow closed
  kWorkerShutdown,  // the attempt fails, and another worker tries again
};

// Kept alive by whoever runs it and by its calls. Thread-safe.
class ActivityAttempt : public activity::detail::ActivityContext,
                        public std::enable_shared_from_this<ActivityAttempt> {
 public:
  // `calls` outlives it.
  ActivityAttempt(Calls& calls, activity::Info info) : calls_(calls), info_(std::move(info)) {}
  virtual ~ActivityAttempt() = default;
  ActivityAttempt(const ActivityAttempt&) = delete;
  ActivityAttempt& operator=(const ActivityAttempt&) = delete;

  // Its code asks:
  const activity::Info& info() const override;
  void heartbeat(Payloads details) override;
  bool is_cancelled() const override;
  std::string cancel_reason() const override;
  std::shared_ptr<client::Connection> connection() const override {
    return calls_.connection().shared_from_this();
  }
  bool wait_for_cancelled(std::chrono::nanoseconds at_most) override;
  void resume_after(std::chrono::nanoseconds duration, std::coroutine_handle<> waiting) override;
  std::function<void()> suspend(std::coroutine_handle<> waiting) override;

  // Its interceptors' last links:
  const activity::Info& own_info() const { return info_; }
  virtual void record_heartbeat(Payloads) {}

  // Its worker says, before it runs:
  void intercept(std::unique_ptr<ActivityInterception> interception) {
    interception_ = std::move(interception);
  }
  ActivityInterception* interception() { return interception_.get(); }
  // Later:
  void stop(StopReason reason);
  // `told` is called once, when the activity should stop, or now if it should already. It must not block.
  void on_stop(std::function<void()> told);
  // The end, once.
  virtual void succeed(const Payload& result) = 0;
  virtual void fail(const std::exception_ptr& exception) = 0;

 protected:
  StopReason stop_reason() const;

  Calls& calls_;
  const activity::Info info_;
  mutable std::mutex mutex_;
  bool ended_ = false;  // guarded by mutex_

 private:
  void resume_waiting();

  std::unique_ptr<ActivityInterception> interception_;  // null: there are no interceptors
  std::condition_variable stopped_;
  StopReason stop_reason_ = StopReason::kNone;  // guarded by mutex_
  std::function<void()> on_stop_;               // guarded by mutex_

  // Of a coroutine that sleeps or waits. Event loop only.
  std::coroutine_handle<> waiting_;
  std::uint64_t waits_ = 0;
  EventLoop::TimerId waiting_timer_{};
};

}  // namespace perdure::worker
