#include "runtime/posted_loop.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace perdure::runtime {
namespace {

// A clock may be set forward meanwhile; it is noticed after at most this long.
constexpr std::chrono::seconds kLongestSleep{1};

}  // namespace

PostedLoop::PostedLoop(Instance& instance, Clock& clock, EventLoop& loop)
    : instance_(instance), clock_(clock), loop_(loop) {
  instance_.set_waker([this] { wake(); });
  wake();
}

PostedLoop::~PostedLoop() { (void)stop(); }

Status PostedLoop::stop() {
  const std::lock_guard lock(stepping_);
  if (!stopped_) {
    instance_.set_waker(nullptr);
    if (const auto timer = std::exchange(timer_, std::nullopt)) {
      loop_.cancel(*timer);
    }
    stopped_ = instance_.stop();
  }
  return *stopped_;
}

void PostedLoop::drive() {
  {
    const std::lock_guard lock(mutex_);
    if (stepper_ == std::this_thread::get_id()) {
      return;  // called from inside of a step, which goes on
    }
  }
  step();
}

void PostedLoop::wake() {
  {
    const std::lock_guard lock(mutex_);
    // A step looks at the mailbox before it ends, but sees nothing of what others post after that.
    if (stepper_ == std::this_thread::get_id() || std::exchange(posted_, true)) {
      return;
    }
  }
  loop_.post([this] { step(); });
}

void PostedLoop::step() {
  const std::lock_guard lock(stepping_);
  if (stopped_) {
    return;
  }
  {
    const std::lock_guard state(mutex_);
    posted_ = false;
    stepper_ = std::this_thread::get_id();
  }
  instance_.step();
  {
    const std::lock_guard state(mutex_);
    stepper_ = std::thread::id();
  }
  sleep(instance_.wake_at());
}

// With stepping_ held.
void PostedLoop::sleep(std::optional<Timestamp> wake_at) {
  if (const auto timer = std::exchange(timer_, std::nullopt)) {
    loop_.cancel(*timer);
  }
  if (wake_at) {
    const Duration until = std::clamp<Duration>(*wake_at - clock_.now(), Duration::zero(), kLongestSleep);
    timer_ = loop_.run_after(until, [this] { step(); });
  }
}

}  // namespace perdure::runtime
