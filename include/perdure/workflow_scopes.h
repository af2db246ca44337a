#pragma once
// Who is cancelled, and when. A cancellation throws CancelledError in the wait where the code is; it reaches
// what that wait waits for. These bound it:
//
//   co_await perdure::workflow::shield(cleanup());              // goes on when the workflow is cancelled
//   co_await perdure::workflow::timeout(30s, fetch_all(urls));  // cancelled after 30 s
//   perdure::workflow::CancellationScope scope;                 // cancelled together, by the code
//   auto left = scope.run(search("left"));
//   auto right = scope.run(search("right"));
//   …
//   scope.cancel();
#include <chrono>
#include <coroutine>
#include <exception>
#include <functional>
#include <source_location>
#include <utility>
#include <vector>

#include "perdure/workflow_combinators.h"
#include "perdure/workflow_handles.h"

namespace perdure::detail {

// Waits for an operation; a cancellation of the wait does not reach it.
template <class H>
class [[nodiscard("co_await it")]] ShieldAwaiter final : public AwaitableTag,
                                                         public Wait,
                                                         public OperationListener {
 public:
  explicit ShieldAwaiter(H handle) : handle_(std::move(handle)) {}
  ShieldAwaiter(ShieldAwaiter&&) = delete;
  virtual ~ShieldAwaiter() { stop_listening(); }

  bool await_ready() const { return handle_.is_done(); }
  void await_suspend(std::coroutine_handle<> handle) {
    HandleAccess::operation(handle_)->listen(this);
    listening_ = true;
    suspend(handle);
  }
  HandleResult<H> await_resume() const {
    if (cancelled_) {
      throw CancelledError();
    }
    return handle_.operator co_await().await_resume();
  }

  void operation_done(const Operation&) override {
    listening_ = false;
    wake();
  }
  void cancel() override {
    cancelled_ = true;
    stop_listening();
    wake();
  }

 private:
  void stop_listening() noexcept {
    if (std::exchange(listening_, false)) {
      HandleAccess::operation(handle_)->unlisten(this);
    }
  }

  H handle_;
  bool listening_ = false;
  bool cancelled_ = false;
};

template <class H>
Task<HandleResult<H>> run_with_timeout(H handle, workflow::TimerHandle timer) {
  if (co_await workflow::race(handle, timer) == 0) {
    timer.cancel();
    co_return co_await handle;
  }
  handle.cancel();
  try {
    co_await handle;  // it may have something to put right before it ends
    // NOLINTNEXTLINE(bugprone-empty-catch): what comes of it is of no interest any more
  } catch (const FailureError&) {
  }
  throw TimeoutError("Timed out", TimeoutType::kUnspecified);
}

}  // namespace perdure::detail

namespace perdure::workflow {

// Waits for a handle or a Task. When the wait is cancelled it throws CancelledError, and what was waited for
// goes on: keep its handle to wait for it again.
template <class Awaitable>
auto shield(Awaitable awaitable) {
  using H = decltype(perdure::detail::to_handle(std::move(awaitable)));
  return perdure::detail::ShieldAwaiter<H>(perdure::detail::to_handle(std::move(awaitable)));
}

// Gives what `awaitable` (a handle or a Task) gives. When that takes longer than `duration` it is cancelled,
// and once it has ended TimeoutError is thrown. Throws OptionsError for a negative duration.
template <class Awaitable>
auto timeout(std::chrono::nanoseconds duration, Awaitable awaitable,
             std::source_location where = std::source_location::current()) {
  auto timer = sleep(duration, {}, where);
  return perdure::detail::run_with_timeout(perdure::detail::to_handle(std::move(awaitable)),
                                           std::move(timer));
}

// Tasks and handles that are cancelled together. Destroying the scope cancels nothing.
class CancellationScope {
 public:
  CancellationScope() = default;
  CancellationScope(const CancellationScope&) = delete;
  CancellationScope& operator=(const CancellationScope&) = delete;

  // Runs a Task in the scope, or takes the handle of what runs already. In a scope that was cancelled it is
  // cancelled at once.
  template <class Awaitable>
  auto run(Awaitable awaitable) {
    auto handle = perdure::detail::to_handle(std::move(awaitable));
    if (cancelled_) {
      handle.cancel();
    } else {
      members_.push_back([handle] { handle.cancel(); });
    }
    return handle;
  }
  void cancel() {
    cancelled_ = true;
    for (const std::function<void()>& cancel_member : std::exchange(members_, {})) {
      cancel_member();
    }
  }
  bool is_cancelled() const { return cancelled_; }

 private:
  std::vector<std::function<void()>> members_;
  bool cancelled_ = false;
};

}  // namespace perdure::workflow
