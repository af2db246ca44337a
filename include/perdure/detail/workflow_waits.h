#pragma once
// The awaiters of a workflow: waiting for an operation, for a condition, for one's turn.
#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "perdure/detail/awaitable.h"
#include "perdure/detail/workflow_context.h"

namespace perdure::detail {

// Waits for an activity or a timer. R is what the result's payload is read as; void ignores it.
template <class R>
class OperationAwaiter : public Wait, public OperationListener {
 public:
  explicit OperationAwaiter(std::shared_ptr<Operation> operation) : operation_(std::move(operation)) {}
  virtual ~OperationAwaiter() {
    if (listening_) {
      operation_->unlisten(this);
    }
  }

  bool await_ready() const noexcept { return operation_->done(); }
  void await_suspend(std::coroutine_handle<> handle) {
    operation_->listen(this);
    listening_ = true;
    suspend(handle);
  }
  R await_resume() {
    const Payload& result = operation_->result();
    if constexpr (!std::is_void_v<R>) {
      return from_payload<R>(result);
    }
  }

  void operation_done(const Operation&) final {
    listening_ = false;
    wake();
  }
  void cancel() final { operation_->cancel(); }

 private:
  std::shared_ptr<Operation> operation_;
  bool listening_ = false;
};

// Waits until a predicate holds; see workflow::wait_condition.
template <class Predicate>
class ConditionAwaiter final : public AwaitableTag, public Wait, public Condition, public OperationListener {
 public:
  ConditionAwaiter(WorkflowContext& context, Predicate predicate,
                   std::optional<std::chrono::nanoseconds> timeout, std::source_location where)
      : context_(context), predicate_(std::move(predicate)), timeout_(timeout), where_(where) {}
  ~ConditionAwaiter() { stop(); }

  bool await_ready() { return static_cast<bool>(std::invoke(predicate_)); }
  void await_suspend(std::coroutine_handle<> handle) {
    if (timeout_) {
      timer_ = context_.start_timer(*timeout_, "", where_);
      timer_->listen(this);
    }
    context_.add_condition(this);
    waiting_ = true;
    suspend(handle);
  }
  void await_resume() {
    if (failure_) {
      std::rethrow_exception(failure_);
    }
  }

  bool check() override {
    try {
      if (!static_cast<bool>(std::invoke(predicate_))) {
        return false;
      }
    } catch (...) {
      failure_ = std::current_exception();
    }
    finish();
    return true;
  }
  void operation_done(const Operation&) override {
    // The timer's own cancellation is not a timeout.
    if (waiting_) {
      timer_.reset();
      failure_ = std::make_exception_ptr(
          TimeoutError("Timed out waiting for a condition", TimeoutType::kUnspecified));
      finish();
    }
  }
  void cancel() override {
    if (waiting_) {
      failure_ = std::make_exception_ptr(CancelledError());
      finish();
    }
  }

 private:
  void finish() {
    stop();
    wake();
  }
  void stop() noexcept {
    if (!std::exchange(waiting_, false)) {
      return;
    }
    context_.remove_condition(this);
    if (timer_ != nullptr) {
      timer_->unlisten(this);
      timer_->cancel();
      timer_.reset();
    }
  }

  WorkflowContext& context_;
  Predicate predicate_;
  std::optional<std::chrono::nanoseconds> timeout_;
  std::source_location where_;
  std::shared_ptr<Operation> timer_;
  std::exception_ptr failure_;
  bool waiting_ = false;
};

}  // namespace perdure::detail
