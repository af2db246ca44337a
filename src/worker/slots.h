#pragma once
// How much may be in progress at once. A poll, and the task that it brings, occupy one slot; whoever frees a
// slot tells those who wait for one. Thread-safe.
#include <cstddef>
#include <functional>
#include <mutex>
#include <utility>

namespace perdure::worker {

class Slots {
 public:
  explicit Slots(std::size_t limit) : free_(limit) {}

  // Before the first release.
  void on_release(std::function<void()> released) { released_ = std::move(released); }

  bool try_reserve() {
    const std::lock_guard lock(mutex_);
    if (free_ == 0) {
      return false;
    }
    --free_;
    return true;
  }
  void release() {
    {
      const std::lock_guard lock(mutex_);
      ++free_;
    }
    if (released_) {
      released_();
    }
  }

 private:
  std::mutex mutex_;
  std::size_t free_;
  std::function<void()> released_;
};

}  // namespace perdure::worker
