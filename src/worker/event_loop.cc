#include "worker/event_loop.h"

#include <algorithm>

namespace perdure::worker {

EventLoop::EventLoop() : thread_([this] { run(); }) {}

EventLoop::~EventLoop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void EventLoop::post(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  posted_.push_back(std::move(work));
  changed_.notify_all();
}

EventLoop::TimerId EventLoop::run_after(std::chrono::nanoseconds delay, std::function<void()> work) {
  // A delay that the clock cannot hold is as good as for ever.
  constexpr std::chrono::nanoseconds kLongest = std::chrono::hours(24 * 365 * 100);
  const std::lock_guard lock(mutex_);
  const TimerId timer{Clock::now() + std::min(delay, kLongest), next_timer_++};
  timers_.emplace(timer, std::move(work));
  changed_.notify_all();
  return timer;
}

void EventLoop::cancel(TimerId timer) {
  std::function<void()> dropped;  // destroyed after the lock: it may hold the last reference to something
  const std::lock_guard lock(mutex_);
  if (const auto found = timers_.find(timer); found != timers_.end()) {
    dropped = std::move(found->second);
    timers_.erase(found);
  }
}

void EventLoop::run() {
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
    lock.unlock();
    work();
    work = nullptr;
    lock.lock();
  }
}

}  // namespace perdure::worker
