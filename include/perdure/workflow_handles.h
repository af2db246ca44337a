#pragma once
// The handles of what a workflow started: activities, timers, tasks. Copies mean the same thing.
#include <chrono>
#include <concepts>
#include <cstddef>
#include <memory>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

#include "perdure/detail/awaitable.h"
#include "perdure/detail/workflow_context.h"
#include "perdure/detail/workflow_tasks.h"
#include "perdure/detail/workflow_waits.h"
#include "perdure/error.h"
#include "perdure/task.h"

namespace perdure::detail {
struct HandleAccess;
}

namespace perdure::workflow {  // workflow_children.h
class Delivery;
template <class R>
class ChildWorkflowHandle;
template <class R>
class ChildWorkflowStart;
}  // namespace perdure::workflow

namespace perdure::workflow {

// An activity that was started. Copies mean the same activity. Awaiting gives its result, as often as one
// likes, or throws ActivityError, or CancelledError when it ended cancelled.
template <class R>
class [[nodiscard("co_await the activity, or keep its handle")]] ActivityHandle
    : public perdure::detail::AwaitableTag {
 public:
  explicit ActivityHandle(std::shared_ptr<perdure::detail::Operation> operation)
      : operation_(std::move(operation)) {}

  bool is_done() const { return operation_->done(); }
  // Asks for cancellation, as the activity's cancellation_type says. Does nothing when it is done.
  void cancel() const { operation_->cancel(); }
  perdure::detail::OperationAwaiter<R> operator co_await() const {
    return perdure::detail::OperationAwaiter<R>(operation_);
  }

 private:
  friend struct perdure::detail::HandleAccess;
  std::shared_ptr<perdure::detail::Operation> operation_;
};

// A timer that was started. Awaiting throws CancelledError when it was cancelled.
class [[nodiscard("co_await the timer, or keep its handle")]] TimerHandle
    : public perdure::detail::AwaitableTag {
 public:
  explicit TimerHandle(std::shared_ptr<perdure::detail::Operation> operation)
      : operation_(std::move(operation)) {}

  bool is_done() const { return operation_->done(); }
  void cancel() const { operation_->cancel(); }
  perdure::detail::OperationAwaiter<void> operator co_await() const {
    return perdure::detail::OperationAwaiter<void>(operation_);
  }

 private:
  friend struct perdure::detail::HandleAccess;
  std::shared_ptr<perdure::detail::Operation> operation_;
};

// A task that runs beside the one that created it. Copies mean the same task. Awaiting gives its result or
// throws what it threw.
template <class T>
class TaskHandle : public perdure::detail::AwaitableTag {
 public:
  explicit TaskHandle(std::shared_ptr<perdure::detail::CreatedTask<T>> task) : task_(std::move(task)) {}

  bool is_done() const { return task_->done(); }
  // The wait in which the task is throws CancelledError.
  void cancel() const { task_->cancel(); }
  perdure::detail::CreatedTaskAwaiter<T> operator co_await() const {
    return perdure::detail::CreatedTaskAwaiter<T>(task_);
  }

 private:
  friend struct perdure::detail::HandleAccess;
  std::shared_ptr<perdure::detail::CreatedTask<T>> task_;
};

// Runs `task` beside the current one, as Python's asyncio.create_task: it begins at the next wait. A workflow
// that ends does not wait for it. A FailureError waits for whoever awaits the handle; any other exception
// fails the workflow task.
template <class T>
TaskHandle<T> create_task(Task<T> task) {
  perdure::detail::WorkflowContext& context = perdure::detail::current_context("workflow::create_task");
  auto created = std::make_shared<perdure::detail::CreatedTask<T>>();
  perdure::detail::Fiber* fiber = context.start_fiber(
      perdure::detail::run_created_task<T>(std::move(task), perdure::detail::TaskLink<T>(created)));
  if (fiber != nullptr) {
    created->attach(&context, fiber);
  }
  return TaskHandle<T>(std::move(created));
}

struct SleepOptions {
  std::string summary{};  // one line, shown in user interfaces
};

// A durable timer, started at the call: it goes on while no worker runs. Zero starts no timer and only lets
// others run first. Throws OptionsError for a negative duration.
TimerHandle sleep(std::chrono::nanoseconds duration, SleepOptions options = {},
                  std::source_location where = std::source_location::current());

}  // namespace perdure::workflow

namespace perdure::detail {

struct HandleAccess {
  template <class R>
  static std::shared_ptr<Operation> operation(const workflow::ActivityHandle<R>& handle) {
    return handle.operation_;
  }
  static std::shared_ptr<Operation> operation(const workflow::TimerHandle& handle) {
    return handle.operation_;
  }
  template <class T>
  static std::shared_ptr<Operation> operation(const workflow::TaskHandle<T>& handle) {
    return handle.task_;
  }
  template <class R>
  static std::shared_ptr<ChildOperation> operation(const workflow::ChildWorkflowHandle<R>& handle) {
    return handle.child_;
  }
  template <class R>
  static std::shared_ptr<Operation> operation(const workflow::ChildWorkflowStart<R>& handle) {
    return handle.child_->started();
  }
  // A template, as the class is declared only.
  template <class D>
    requires std::is_same_v<D, workflow::Delivery>
  static std::shared_ptr<Operation> operation(const D& delivery) {
    return delivery.operation_;
  }
};

template <class H>
concept Handle = requires(const H& handle) { HandleAccess::operation(handle); };

// What awaiting a handle gives.
template <Handle H>
using HandleResult = decltype(std::declval<const H&>().operator co_await().await_resume());

// A handle as it is; a Task begins to run.
template <Handle H>
H to_handle(H handle) {
  return handle;
}
template <class T>
workflow::TaskHandle<T> to_handle(Task<T> task) {
  return workflow::create_task(std::move(task));
}

// Throws OptionsError.
inline void check_not_empty(std::size_t size, const char* function) {
  if (size == 0) {
    throw OptionsError(std::string(function) +
                       ": there is nothing to wait for, the list of handles is empty");
  }
}

}  // namespace perdure::detail
