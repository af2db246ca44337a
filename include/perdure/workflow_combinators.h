#pragma once
// Waiting for several things at once. All of these take handles (of activities, timers and tasks) and Tasks,
// which begin to run beside the current one, as create_task() does.
//
//   auto [stock, price] = co_await perdure::workflow::all(check_stock, check_price);
//   std::vector<int> sizes = co_await perdure::workflow::all(handles);  // a vector of handles
//   switch (co_await perdure::workflow::race(payment, perdure::workflow::sleep(1h))) { case 0: … }
//
// When the wait is cancelled, all that it waits for is cancelled, too.
#include <algorithm>
#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "perdure/detail/awaitable.h"
#include "perdure/detail/workflow_context.h"
#include "perdure/error.h"
#include "perdure/workflow_handles.h"

namespace perdure::detail {

// Waits for some of many operations; which, says `over`.
class OperationsWait : public Wait, public OperationListener {
 public:
  using Operations = std::vector<std::shared_ptr<Operation>>;

  explicit OperationsWait(Operations operations) : operations_(std::move(operations)) {}
  OperationsWait(OperationsWait&&) = delete;
  virtual ~OperationsWait() { stop_listening(); }

  bool await_ready() const { return over(); }
  void await_suspend(std::coroutine_handle<> handle) {
    listening_ = true;
    for (const auto& operation : operations_) {
      if (!operation->done()) {
        operation->listen(this);
      }
    }
    suspend(handle);
  }

  void operation_done(const Operation& operation) final {
    if (listening_ && over_with(operation)) {
      stop_listening();
      wake();
    }
  }
  void cancel() final {
    cancelled_ = true;
    const Operations all = operations_;  // a cancellation may end the wait
    for (const auto& operation : all) {
      operation->cancel();
    }
    cancellation_asked();
  }

 protected:
  // Whether the wait is over; over_with(): now that this one is done.
  virtual bool over() const = 0;
  virtual bool over_with(const Operation&) { return over(); }
  virtual void cancellation_asked() {}

  const Operations& operations() const { return operations_; }
  bool cancelled() const { return cancelled_; }
  void end() {
    if (listening_) {
      stop_listening();
      wake();
    }
  }

 private:
  void stop_listening() noexcept {
    if (std::exchange(listening_, false)) {
      for (const auto& operation : operations_) {
        operation->unlisten(this);
      }
    }
  }

  Operations operations_;
  bool listening_ = false;
  bool cancelled_ = false;
};

// void as a value.
template <class T>
using ValueOf = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class Handle>
ValueOf<HandleResult<Handle>> take_result(const Handle& handle) {
  if constexpr (std::is_void_v<HandleResult<Handle>>) {
    handle.operator co_await().await_resume();
    return {};
  } else {
    return handle.operator co_await().await_resume();
  }
}

// Over when all are done, or when one has failed. At each completion it looks on from where it stopped: a
// thousand operations cost two thousand looks, not a million.
class AllWait : public OperationsWait {
 public:
  using OperationsWait::OperationsWait;

 protected:
  bool over() const final {
    return std::any_of(operations().begin(), operations().end(),
                       [](const auto& operation) { return operation->failed(); }) ||
           all_done();
  }
  bool over_with(const Operation& done) final { return done.failed() || all_done(); }
  // Throws what the first failed one threw.
  void check() const {
    for (const auto& operation : operations()) {
      if (operation->failed()) {
        operation->result();
      }
    }
  }

 private:
  bool all_done() const {
    while (first_open_ < operations().size() && operations()[first_open_]->done()) {
      ++first_open_;
    }
    return first_open_ == operations().size();
  }

  mutable std::size_t first_open_ = 0;  // those before it are done
};

template <class... Handles>
class [[nodiscard("co_await it")]] AllAwaiter final : public AwaitableTag, public AllWait {
 public:
  explicit AllAwaiter(Handles... handles)
      : AllWait({HandleAccess::operation(handles)...}), handles_(std::move(handles)...) {}
  std::tuple<ValueOf<HandleResult<Handles>>...> await_resume() const {
    check();
    return std::apply(
        [](const Handles&... handles) {
          return std::tuple<ValueOf<HandleResult<Handles>>...>{take_result(handles)...};
        },
        handles_);
  }

 private:
  std::tuple<Handles...> handles_;
};

template <class Handle>
OperationsWait::Operations operations_of(const std::vector<Handle>& handles) {
  OperationsWait::Operations operations;
  operations.reserve(handles.size());
  for (const Handle& handle : handles) {
    operations.push_back(HandleAccess::operation(handle));
  }
  return operations;
}

template <class Handle>
class [[nodiscard("co_await it")]] AllOfVectorAwaiter final : public AwaitableTag, public AllWait {
 public:
  using R = HandleResult<Handle>;

  explicit AllOfVectorAwaiter(std::vector<Handle> handles)
      : AllWait(operations_of(handles)), handles_(std::move(handles)) {}
  std::conditional_t<std::is_void_v<R>, void, std::vector<ValueOf<R>>> await_resume() const {
    check();
    if constexpr (!std::is_void_v<R>) {
      std::vector<R> results;
      results.reserve(handles_.size());
      for (const Handle& handle : handles_) {
        results.push_back(take_result(handle));
      }
      return results;
    }
  }

 private:
  std::vector<Handle> handles_;
};

// The index of the first that is done, or of the first that succeeded.
class [[nodiscard("co_await it")]] FirstAwaiter final : public AwaitableTag, public OperationsWait {
 public:
  FirstAwaiter(Operations operations, bool must_succeed)
      : OperationsWait(std::move(operations)), must_succeed_(must_succeed) {}
  std::size_t await_resume() const {
    if (cancelled()) {
      throw CancelledError();
    }
    for (std::size_t i = 0; i < operations().size(); ++i) {
      if (operations()[i]->done() && !(must_succeed_ && operations()[i]->failed())) {
        return i;
      }
    }
    operations().back()->result();  // all failed: throws
    return operations().size();
  }

 protected:
  bool over() const override {
    bool all_done = true;
    for (const auto& operation : operations()) {
      if (operation->done() && !(must_succeed_ && operation->failed())) {
        return true;
      }
      all_done = all_done && operation->done();
    }
    return all_done;
  }
  void cancellation_asked() override { end(); }

 private:
  bool must_succeed_;
};

}  // namespace perdure::detail

namespace perdure::workflow {

// Waits until all have succeeded and gives their results as a tuple (std::monostate for void). Throws what
// the first that failed threw, at once; the others go on.
template <class... Awaitables>
auto all(Awaitables... awaitables) {
  return perdure::detail::AllAwaiter(perdure::detail::to_handle(std::move(awaitables))...);
}
// The same for any number of one kind: gives a vector of results, or nothing for void.
template <perdure::detail::Handle H>
auto all(std::vector<H> handles) {
  return perdure::detail::AllOfVectorAwaiter<H>(std::move(handles));
}

// Waits until the first is done, with a result or a failure, and gives its index. The others go on: cancel
// what is not needed any more.
template <perdure::detail::Handle... H>
  requires(sizeof...(H) > 0)
auto race(const H&... handles) {
  return perdure::detail::FirstAwaiter({perdure::detail::HandleAccess::operation(handles)...}, false);
}
// Throws OptionsError when there are none, as nothing would ever be first.
template <perdure::detail::Handle H>
auto race(const std::vector<H>& handles) {
  perdure::detail::check_not_empty(handles.size(), "workflow::race");
  return perdure::detail::FirstAwaiter(perdure::detail::operations_of(handles), false);
}

// Waits until the first has succeeded and gives its index. When all fail, throws what the last of them, in
// the order of the arguments, threw.
template <perdure::detail::Handle... H>
  requires(sizeof...(H) > 0)
auto any(const H&... handles) {
  return perdure::detail::FirstAwaiter({perdure::detail::HandleAccess::operation(handles)...}, true);
}
// Throws OptionsError when there are none.
template <perdure::detail::Handle H>
auto any(const std::vector<H>& handles) {
  perdure::detail::check_not_empty(handles.size(), "workflow::any");
  return perdure::detail::FirstAwaiter(perdure::detail::operations_of(handles), true);
}

}  // namespace perdure::workflow
