#pragma once
// Runs the coroutines of one workflow run in a fixed order: first come, first served, and conditions are
// looked at whenever nothing else is ready. Nothing here depends on anything but the order of the calls.
#include <coroutine>
#include <deque>
#include <functional>
#include <vector>

#include "perdure/detail/workflow_context.h"

namespace perdure::workflow_core {

// A chain of tasks with its own root: run(), or a signal handler.
class RootFiber : public detail::Fiber {
 public:
  virtual ~RootFiber() = default;
  virtual std::coroutine_handle<> root() = 0;
  virtual bool done() const = 0;
  // Takes the result and destroys the fiber, if the owner wants so.
  virtual void finish() = 0;
};

class Scheduler {
 public:
  // Queues the first step of `fiber`, whose root was not resumed yet.
  void start(RootFiber* fiber) { ready_.push_back({fiber, fiber->root(), {}}); }
  void resume_later(detail::Fiber* fiber, std::coroutine_handle<> handle) {
    ready_.push_back({static_cast<RootFiber*>(fiber), handle, {}});
  }
  void call_later(std::function<void()> action) { ready_.push_back({nullptr, {}, std::move(action)}); }

  void add_condition(detail::Condition* condition) { conditions_.push_back(condition); }
  void remove_condition(detail::Condition* condition) noexcept { std::erase(conditions_, condition); }

  // Runs until nothing is ready and no condition holds, or until `stopped` says so after a step.
  void drain(const bool& stopped);
  RootFiber* running() const { return running_; }
  void clear() noexcept {
    ready_.clear();
    conditions_.clear();
  }

 private:
  struct Ready {
    RootFiber* fiber;
    std::coroutine_handle<> handle;
    std::function<void()> action;
  };

  void step(Ready item);
  void check_conditions();

  std::deque<Ready> ready_;
  std::vector<detail::Condition*> conditions_;
  RootFiber* running_ = nullptr;
};

}  // namespace perdure::workflow_core
