#pragma once
// Counts what is in progress, so that its owner can wait for the end of all of it before it is destroyed.
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace perdure::worker {

class Gate {
 public:
  // Held by whatever is in progress. Leaves the gate when it is destroyed.
  class Pass {
   public:
    explicit Pass(Gate& gate) : gate_(gate) {}
    ~Pass() { gate_.leave(); }
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;

   private:
    Gate& gate_;
  };

  // Shared, so that it may be captured by a std::function.
  std::shared_ptr<Pass> enter() {
    const std::lock_guard lock(mutex_);
    ++inside_;
    return std::make_shared<Pass>(*this);
  }
  void wait() {
    std::unique_lock lock(mutex_);
    empty_.wait(lock, [&] { return inside_ == 0; });
  }
  // False: something is still inside after `at_most`.
  bool wait_for(std::chrono::nanoseconds at_most) {
    std::unique_lock lock(mutex_);
    return empty_.wait_for(lock, at_most, [&] { return inside_ == 0; });
  }
  bool is_empty() {
    const std::lock_guard lock(mutex_);
    return inside_ == 0;
  }
  // For one that cannot block: `told`, which must not block either, is called once, when nothing is inside.
  // Before the gate is destroyed then, is_empty() has to be asked, which waits for the call's end. Null:
  // nobody is to be told any more.
  void on_empty(std::function<void()> told) {
    const std::lock_guard lock(mutex_);
    if (inside_ == 0 && told) {
      told();
    } else {
      told_ = std::move(told);
    }
  }

 private:
  void leave() {
    // Notified under the lock: the one who waits may destroy the gate right after.
    const std::lock_guard lock(mutex_);
    if (--inside_ == 0) {
      empty_.notify_all();
      if (const auto told = std::exchange(told_, nullptr)) {
        told();
      }
    }
  }

  std::mutex mutex_;
  std::condition_variable empty_;
  std::size_t inside_ = 0;
  std::function<void()> told_;
};

}  // namespace perdure::worker
