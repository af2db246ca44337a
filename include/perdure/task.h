#pragma once
// Task<T>: the coroutine that workflows, signal handlers and coroutine activities return.
//
// Lazy: nothing runs until it is awaited. Move-only. Awaited once: the result is moved out. A task that is
// destroyed before it is finished destroys its frame, and with it everything that it waits for.
//   perdure::Task<int> half(int n) { co_await perdure::workflow::sleep(1s); co_return n / 2; }
#include <coroutine>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <source_location>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "perdure/detail/awaitable.h"
#include "perdure/detail/frame_bytes.h"

namespace perdure {

template <class T = void>
class Task;

namespace workflow {
class ContinueAsNew;
}

namespace detail {

struct TaskAccess;

// What all tasks' promises share: who waits, how it ended, and what may be awaited.
class PromiseBase {
 public:
  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> finished) noexcept {
      const std::coroutine_handle<> continuation = finished.promise().continuation_;
      return continuation ? continuation : std::noop_coroutine();
    }
    void await_resume() const noexcept {}
  };

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* frame, std::size_t size) noexcept { free_frame(frame, size); }

  std::suspend_always initial_suspend() noexcept { return {}; }
  FinalAwaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() { exception_ = std::current_exception(); }

  // Where this coroutine waits, and which one waits for it (null: none). For stack traces.
  const std::source_location& awaiting_at() const { return awaiting_at_; }
  const PromiseBase* awaited_by() const { return awaited_by_; }
  // The coroutine of this thread that was the last to begin a wait.
  static PromiseBase*& last_to_wait() noexcept {
    static constinit thread_local PromiseBase* last = nullptr;
    return last;
  }

  template <class A>
  decltype(auto) await_transform(A&& awaitable,
                                 std::source_location where = std::source_location::current()) {
    awaiting_at_ = where;
    last_to_wait() = this;
    static_assert(
        PerdureAwaitable<A>,
        "perdure: only Perdure's own awaitables can be awaited here (activities, sleep, wait_condition, "
        "Task); awaiting anything else would not be replayed");
    if constexpr (PerdureAwaitable<A>) {
      return static_cast<A&&>(awaitable);
    } else {
      return std::suspend_never{};
    }
  }

 protected:
  std::coroutine_handle<> continuation_;
  const PromiseBase* awaited_by_ = nullptr;
  std::source_location awaiting_at_;
  std::exception_ptr exception_;
  std::shared_ptr<workflow::ContinueAsNew> continue_as_new_;

  void finish() {
    if (exception_) {
      std::rethrow_exception(std::exchange(exception_, nullptr));
    }
    if (continue_as_new_) {
      throw std::logic_error(
          "workflow::continue_as_new was returned by a helper coroutine; return it from the workflow's "
          "run()");
    }
  }
  friend struct TaskAccess;
};

template <class T>
class Promise : public PromiseBase {
 public:
  Task<T> get_return_object();
  void return_value(T value) { value_.emplace(std::move(value)); }
  // Instead of a result, the workflow's run() may return workflow::continue_as_new<W>(…).
  template <class C>
    requires std::is_same_v<C, workflow::ContinueAsNew>
  void return_value(C request) {
    continue_as_new_ = std::make_shared<C>(std::move(request));
  }
  T take() {
    finish();
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
};

template <>
class Promise<void> : public PromiseBase {
 public:
  Task<void> get_return_object();
  void return_void() noexcept {}
  void take() { finish(); }
};

}  // namespace detail

template <class T>
class [[nodiscard("a Task does nothing until it is awaited")]] Task : public detail::AwaitableTag {
  static_assert(!std::is_reference_v<T>, "perdure: a Task gives a value, not a reference");

 public:
  using promise_type = detail::Promise<T>;

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      destroy();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Task() { destroy(); }

  class Awaiter {
   public:
    explicit Awaiter(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiting) noexcept;
    T await_resume() { return handle_.promise().take(); }

   private:
    std::coroutine_handle<promise_type> handle_;
  };
  // Throws std::logic_error when the task was moved from or is awaited a second time.
  Awaiter operator co_await();

 private:
  friend detail::Promise<T>;
  friend struct detail::TaskAccess;

  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  void destroy() {
    if (handle_) {
      std::exchange(handle_, nullptr).destroy();
    }
  }

  std::coroutine_handle<promise_type> handle_;
  bool awaited_ = false;
};

namespace detail {

// What the scheduler, and only it, does with a task.
struct TaskAccess {
  template <class T>
  static std::coroutine_handle<Promise<T>> handle(Task<T>& task) {
    return task.handle_;
  }
  template <class T>
  static bool done(const Task<T>& task) {
    return !task.handle_ || task.handle_.done();
  }
  // The result of a finished task; throws what the task threw.
  template <class T>
  static T take(Task<T>& task) {
    return task.handle_.promise().take();
  }
  static void set_continuation(PromiseBase& promise, std::coroutine_handle<> waiting) {
    promise.continuation_ = waiting;
    promise.awaited_by_ = PromiseBase::last_to_wait();
  }
  template <class T>
  static std::shared_ptr<workflow::ContinueAsNew> continue_as_new(Task<T>& task) {
    return std::move(task.handle_.promise().continue_as_new_);
  }
};

template <class T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

}  // namespace detail

template <class T>
std::coroutine_handle<> Task<T>::Awaiter::await_suspend(std::coroutine_handle<> waiting) noexcept {
  detail::TaskAccess::set_continuation(handle_.promise(), waiting);
  return handle_;
}

template <class T>
typename Task<T>::Awaiter Task<T>::operator co_await() {
  if (!handle_ || awaited_) {
    throw std::logic_error("a perdure::Task can be awaited once: this one was awaited before, or moved from");
  }
  awaited_ = true;
  return Awaiter(handle_);
}

}  // namespace perdure
