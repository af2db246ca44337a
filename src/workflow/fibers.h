#pragma once
// The chains of tasks of a run, and what becomes of them when they end.
#include <optional>
#include <utility>

#include "workflow/core.h"

namespace perdure::workflow_core {

class WorkflowRun::Core::MainFiber final : public RootFiber {
 public:
  MainFiber(Core& core, Task<detail::RunResult> task) : core_(core), task_(std::move(task)) {}
  std::coroutine_handle<> root() override { return detail::TaskAccess::handle(task_); }
  bool done() const override { return detail::TaskAccess::done(task_); }
  void finish() override { core_.finish_main(task_); }

 private:
  Core& core_;
  Task<detail::RunResult> task_;
};

// A handler, or a task that the code created.
class WorkflowRun::Core::SideFiber final : public RootFiber {
 public:
  SideFiber(Core& core, Task<void> task) : core_(core), task_(std::move(task)) {}
  std::coroutine_handle<> root() override { return detail::TaskAccess::handle(task_); }
  bool done() const override { return detail::TaskAccess::done(task_); }
  void finish() override { core_.finish_side(this, task_); }

  std::optional<AtWork> at_work{};  // the signal whose handler this is

 private:
  Core& core_;
  Task<void> task_;
};

}  // namespace perdure::workflow_core
