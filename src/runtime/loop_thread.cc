#include "runtime/loop_thread.h"

#include <algorithm>
#include <chrono>

namespace perdure::runtime {
namespace {

// A clock may be set forward while the thread sleeps; it notices after at most this long.
constexpr std::chrono::seconds kLongestSleep{1};

}  // namespace

LoopThread::LoopThread(Instance& instance, Clock& clock) : instance_(instance), clock_(clock) {
  instance_.set_waker([this] { wake(); });
  thread_ = std::thread([this] { run(); });
}

LoopThread::~LoopThread() { (void)stop(); }

Status LoopThread::stop() {
  const std::lock_guard lock(stop_mutex_);
  if (!stopped_) {
    {
      const std::lock_guard state(mutex_);
      stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
    instance_.set_waker(nullptr);
    stopped_ = instance_.stop();
  }
  return *stopped_;
}

void LoopThread::wake() {
  bool notify = false;
  {
    const std::lock_guard lock(mutex_);
    notify = !awake_;
    awake_ = true;
  }
  if (notify) {
    changed_.notify_one();
  }
}

void LoopThread::run() {
  do {
    instance_.step();
  } while (sleep(instance_.wake_at()));
}

bool LoopThread::sleep(std::optional<Timestamp> wake_at) {
  std::unique_lock lock(mutex_);
  const auto ready = [this] { return awake_ || stopping_; };
  if (wake_at) {
    const Duration until = std::clamp<Duration>(*wake_at - clock_.now(), Duration::zero(), kLongestSleep);
    changed_.wait_for(lock, until, ready);
  } else {
    changed_.wait(lock, ready);
  }
  awake_ = false;
  return !stopping_;
}

}  // namespace perdure::runtime
