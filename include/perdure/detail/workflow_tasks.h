#pragma once
// Tasks that run beside each other in one workflow; see workflow::create_task.
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "perdure/detail/workflow_context.h"
#include "perdure/detail/workflow_waits.h"
#include "perdure/error.h"
#include "perdure/task.h"

namespace perdure::detail {

// What the handles of a created task and its coroutine share.
template <class T>
class CreatedTask final : public Operation {
 public:
  using Value = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

  void attach(WorkflowContext* context, Fiber* fiber) {
    context_ = context;
    fiber_ = fiber;
  }
  void detach() noexcept { fiber_ = nullptr; }
  void cancel() override {
    if (fiber_ != nullptr && !done()) {
      context_->cancel_fiber(fiber_);
    }
  }
  void succeed(Value value) {
    value_.emplace(std::move(value));
    resolve({}, nullptr);
  }
  void fail(std::exception_ptr failure) { resolve({}, std::move(failure)); }
  // A copy, so that it can be had again; of what cannot be copied, the thing itself.
  Value value() {
    if constexpr (std::is_copy_constructible_v<Value>) {
      return *value_;
    } else {
      return std::move(*value_);
    }
  }

 private:
  WorkflowContext* context_ = nullptr;
  Fiber* fiber_ = nullptr;  // null before and after its coroutine lives
  std::optional<Value> value_;
};

template <class T>
class CreatedTaskAwaiter final : public OperationAwaiter<void> {
 public:
  explicit CreatedTaskAwaiter(std::shared_ptr<CreatedTask<T>> task)
      : OperationAwaiter<void>(task), task_(std::move(task)) {}
  T await_resume() {
    OperationAwaiter<void>::await_resume();
    if constexpr (!std::is_void_v<T>) {
      return task_->value();
    }
  }

 private:
  std::shared_ptr<CreatedTask<T>> task_;
};

// Detaches the shared state when the coroutine's frame is destroyed.
template <class T>
class TaskLink {
 public:
  explicit TaskLink(std::shared_ptr<CreatedTask<T>> task) : task_(std::move(task)) {}
  TaskLink(TaskLink&&) noexcept = default;
  TaskLink& operator=(TaskLink&&) = delete;
  ~TaskLink() {
    if (task_ != nullptr) {
      task_->detach();
    }
  }
  CreatedTask<T>* operator->() const { return task_.get(); }

 private:
  std::shared_ptr<CreatedTask<T>> task_;
};

// A failure waits for whoever awaits the task; any other exception is a bug and fails the workflow task at
// once.
template <class T>
Task<void> run_created_task(Task<T> task, TaskLink<T> link) {
  try {
    if constexpr (std::is_void_v<T>) {
      co_await task;
      link->succeed({});
    } else {
      link->succeed(co_await task);
    }
  } catch (const FailureError&) {
    link->fail(std::current_exception());
  }
}

}  // namespace perdure::detail
