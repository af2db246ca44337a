#include "worker/thread_loop.h"

#include <algorithm>
#include <utility>

#include "perdure/workflow_unsafe.h"

namespace perdure::worker {
namespace {

constexpr std::chrono::nanoseconds kBlockedAfter =
    std::chrono::seconds(2);  // as workflow code that does not yield

void write(const std::optional<LogRecord>& record) {
  if (record) {
    write_log(*record);
  }
}

}  // namespace

ThreadLoop::ThreadLoop() : thread_([this] { run(); }) {}

ThreadLoop::~ThreadLoop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void ThreadLoop::describe(LogFields fields) {
  const std::lock_guard lock(mutex_);
  about_ = std::move(fields);
}

// With the lock held.
std::optional<LogRecord> ThreadLoop::blocked() {
  if (!working_since_ || reported_) {
    return std::nullopt;
  }
  const detail::UnguardedScope unguarded;  // workflow code may have asked for what is posted
  if (Clock::now() - *working_since_ < kBlockedAfter) {
    return std::nullopt;
  }
  reported_ = true;
  return LogRecord{
      .level = LogLevel::kWarning,
      .message =
          "an activity that is a coroutine blocked its worker's event loop for 2 s or longer: all others, "
          "heartbeats and timers wait for it. Let it co_await, or make it an ordinary function, which has a "
          "thread of its own",
      .fields = about_};
}

void ThreadLoop::post(std::function<void()> work) {
  std::unique_lock lock(mutex_);
  posted_.push_back(std::move(work));
  changed_.notify_all();
  const auto report = blocked();
  lock.unlock();
  write(report);
}

ThreadLoop::TimerId ThreadLoop::run_after(std::chrono::nanoseconds delay, std::function<void()> work) {
  // A delay that the clock cannot hold is as good as for ever.
  constexpr std::chrono::nanoseconds kLongest = std::chrono::hours(24 * 365 * 100);
  std::unique_lock lock(mutex_);
  const TimerId timer{Clock::now() + std::min(delay, kLongest), next_timer_++};
  timers_.emplace(timer, std::move(work));
  changed_.notify_all();
  const auto report = blocked();
  lock.unlock();
  write(report);
  return timer;
}

void ThreadLoop::cancel(TimerId timer) {
  std::function<void()> dropped;  // destroyed after the lock: it may hold the last reference to something
  const std::lock_guard lock(mutex_);
  if (const auto found = timers_.find(timer); found != timers_.end()) {
    dropped = std::move(found->second);
    timers_.erase(found);
  }
}

void ThreadLoop::run() {
  LoopWork::here() = this;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    std::function<void()> work;
    if (!posted_.empty()) {
      work = std::move(posted_.front());
      posted_.pop_front();
    } else if (!timers_.empty() && timers_.begin()->first.first <= Clock::now()) {
      work = std::move(timers_.begin()->second);
      timers_.erase(timers_.begin());
    } else if (!timers_.empty()) {
      const Clock::time_point next = timers_.begin()->first.first;
      changed_.wait_until(lock, next);
      continue;
    } else {
      changed_.wait(lock);
      continue;
    }
    working_since_ = Clock::now();
    reported_ = false;
    lock.unlock();
    work();
    work = nullptr;
    lock.lock();
    const auto report = blocked();
    working_since_.reset();
    about_.clear();
    if (report) {
      lock.unlock();
      write(report);
      lock.lock();
    }
  }
}

}  // namespace perdure::worker
