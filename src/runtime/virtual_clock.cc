#include "runtime/virtual_clock.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <vector>

namespace perdure::runtime {
namespace {

std::int64_t steady_nanos() {
  const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since_boot).count();
}

}  // namespace

VirtualClock::VirtualClock(Timestamp start) : start_(start), real_start_(steady_nanos()) {}

Timestamp VirtualClock::now() {
  const std::lock_guard lock(mutex_);
  return now_locked();
}

Timestamp VirtualClock::now_locked() const {
  return start_ + skipped_ + Duration(steady_nanos() - real_start_);
}

void VirtualClock::lock() {
  const std::lock_guard lock(mutex_);
  ++locks_;
}

bool VirtualClock::unlock() {
  {
    const std::lock_guard lock(mutex_);
    if (locks_ == 0) {
      return false;
    }
    --locks_;
  }
  wake();
  return true;
}

int VirtualClock::locks() const {
  const std::lock_guard lock(mutex_);
  return locks_;
}

bool VirtualClock::call_at(Timestamp until, Sleep sleep, std::function<void()> done) {
  {
    const std::lock_guard lock(mutex_);
    if (sleep == Sleep::kUnlocked) {
      if (locks_ == 0) {
        return false;
      }
      --locks_;
    }
    if (!ended_) {
      sleepers_.emplace(until, Sleeper{sleep, std::move(done)});
      done = nullptr;
    }
  }
  if (done) {
    done();
  } else {
    wake();
  }
  return true;
}

void VirtualClock::end() {
  Sleepers woken;
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    woken.swap(sleepers_);
  }
  for (const auto& [until, sleeper] : woken) {
    sleeper.done();
  }
}

void VirtualClock::set_waker(std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
}

void VirtualClock::wake() {
  std::function<void()> wake;
  {
    const std::lock_guard lock(mutex_);
    wake = wake_;
  }
  if (wake) {
    wake();
  }
}

Duration VirtualClock::skipped() const {
  const std::lock_guard lock(mutex_);
  return skipped_;
}

bool VirtualClock::rest(const Rest& rest) {
  const std::vector<Sleeper> woken = rest.workflow_tasks ? std::vector<Sleeper>() : take_woken();
  for (const Sleeper& sleeper : woken) {
    sleeper.done();
  }
  if (!woken.empty()) {
    return true;  // before the clock moves again: they may have locked it
  }
  const std::lock_guard lock(mutex_);
  if (locks_ > 0 || rest.workflow_tasks || rest.activities) {
    return false;
  }
  std::optional<Timestamp> next = rest.next_due;
  if (!sleepers_.empty()) {
    next = std::min(sleepers_.begin()->first, next.value_or(sleepers_.begin()->first));
  }
  const Timestamp now = now_locked();
  if (!next || *next <= now) {
    return false;
  }
  skipped_ += *next - now;
  return true;
}

// Locked again before anyone is woken: what the sleeper does next happens at the time it slept until.
std::vector<VirtualClock::Sleeper> VirtualClock::take_woken() {
  const std::lock_guard lock(mutex_);
  std::vector<Sleeper> woken;
  const auto end = sleepers_.upper_bound(now_locked());
  for (auto sleeper = sleepers_.begin(); sleeper != end; ++sleeper) {
    locks_ += sleeper->second.sleep == Sleep::kUnlocked ? 1 : 0;
    woken.push_back(std::move(sleeper->second));
  }
  sleepers_.erase(sleepers_.begin(), end);
  return woken;
}

std::optional<Timestamp> VirtualClock::wake_at() const {
  const std::lock_guard lock(mutex_);
  return sleepers_.empty() ? std::nullopt : std::optional(sleepers_.begin()->first);
}

}  // namespace perdure::runtime
