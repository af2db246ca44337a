#include "worker/activity_attempt.h"

#include <utility>

#include "perdure/perdure_error.h"
#include "worker/current_activity.h"
#include "worker/loop_work.h"

namespace perdure::worker {

const activity::Info& ActivityAttempt::info() const {
  return interception_ ? interception_->outbound().info() : info_;
}

void ActivityAttempt::heartbeat(Payloads details) {
  if (interception_) {
    interception_->outbound().heartbeat(std::move(details));
  } else {
    record_heartbeat(std::move(details));
  }
}

void ActivityAttempt::stop(StopReason reason) {
  std::function<void()> told;
  {
    const std::lock_guard lock(mutex_);
    if (stop_reason_ != StopReason::kNone || ended_) {
      return;
    }
    stop_reason_ = reason;
    told = std::exchange(on_stop_, nullptr);
    stopped_.notify_all();
  }
  if (told) {
    told();
  }
  calls_.loop().post([self = shared_from_this()] { self->resume_waiting(); });
}

void ActivityAttempt::on_stop(std::function<void()> told) {
  {
    const std::lock_guard lock(mutex_);
    if (stop_reason_ == StopReason::kNone) {
      on_stop_ = std::move(told);
      return;
    }
  }
  told();
}

bool ActivityAttempt::is_cancelled() const {
  const std::lock_guard lock(mutex_);
  return stop_reason_ != StopReason::kNone;
}

std::string ActivityAttempt::cancel_reason() const {
  const std::lock_guard lock(mutex_);
  switch (stop_reason_) {
    case StopReason::kRequested:
      return "Cancelled";
    case StopReason::kGone:
      return "the service does not wait for this attempt any more";
    case StopReason::kWorkerShutdown:
      return "the worker shuts down";
    case StopReason::kNone:
      break;
  }
  return "not cancelled";
}

bool ActivityAttempt::wait_for_cancelled(std::chrono::nanoseconds at_most) {
  if (!calls_.loop().has_thread() && LoopWork::here() != nullptr) {
    throw PerdureError(
        "activity::wait_for_cancelled would block the event loop that the cancellation comes on: make the "
        "activity a coroutine and co_await activity::sleep(), or give it a thread "
        "(WorkerOptions::function_activities)");
  }
  std::unique_lock lock(mutex_);
  return stopped_.wait_for(lock, at_most, [&] { return stop_reason_ != StopReason::kNone; });
}

void ActivityAttempt::resume_after(std::chrono::nanoseconds duration, std::coroutine_handle<> waiting) {
  waiting_ = waiting;
  ++waits_;
  if (is_cancelled()) {
    calls_.loop().post([self = shared_from_this()] { self->resume_waiting(); });
  } else {
    waiting_timer_ =
        calls_.loop().run_after(duration, [self = shared_from_this()] { self->resume_waiting(); });
  }
}

std::function<void()> ActivityAttempt::suspend(std::coroutine_handle<> waiting) {
  waiting_ = waiting;
  return [self = shared_from_this(), wait = ++waits_] {
    self->calls_.loop().post([self, wait] {
      if (self->waits_ == wait) {
        self->resume_waiting();
      }
    });
  };
}

void ActivityAttempt::resume_waiting() {
  if (const std::coroutine_handle<> waiting = std::exchange(waiting_, nullptr)) {
    calls_.loop().cancel(waiting_timer_);
    const ActivityScope scope(this);
    waiting.resume();
  }
}

StopReason ActivityAttempt::stop_reason() const {
  const std::lock_guard lock(mutex_);
  return stop_reason_;
}

}  // namespace perdure::worker
