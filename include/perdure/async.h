#pragma once
// What a call gives that does not block: async_client.h, Worker::async_stop().
//
//   async.execute_workflow<YourWorkflow>("World", {…}).then([](const perdure::Answer<std::string>& greeting)
//   {
//     std::cout << greeting.value() << "\n";  // value() throws what the call would have thrown
//   });
//   std::string greeting = co_await async.execute_workflow<YourWorkflow>("World", {…});
//
// Answers arrive on the loop of the client's executor (executor.h).
#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "perdure/detail/awaitable.h"

namespace perdure {

// How a call ended: with a value, or with the error that it would have thrown.
template <class T>
class [[nodiscard]] Answer {
 public:
  using Value = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

  explicit Answer(Value value) : value_(std::move(value)) {}
  explicit Answer(std::exception_ptr error) : error_(std::move(error)) {}

  bool has_value() const { return error_ == nullptr; }
  explicit operator bool() const { return has_value(); }
  // Throws the error if there is no value.
  T value() const {
    if (error_ != nullptr) {
      std::rethrow_exception(error_);
    }
    if constexpr (!std::is_void_v<T>) {
      return *value_;
    }
  }
  // Null when there is a value.
  const std::exception_ptr& error() const { return error_; }

 private:
  std::optional<Value> value_;
  std::exception_ptr error_;
};

namespace detail {

// Suspends the calling coroutine; what is returned resumes it: on the event loop of the activity that it
// belongs to, else at once. Throws PerdureError in workflow code, which must not wait for what is not in its
// history.
std::function<void()> suspend_here(std::coroutine_handle<> waiting);
// The activity was told to stop while its coroutine waited. Throws CancelledError.
[[noreturn]] void throw_stopped();

// Between a call and whoever waits for it. Thread-safe.
template <class T>
class AsyncState {
 public:
  // `post` has a loop run work.
  explicit AsyncState(std::function<void(std::function<void()>)> post) : post_(std::move(post)) {}

  // Only the first is heard.
  void complete(Answer<T> answer) {
    std::function<void(const Answer<T>&)> done;
    {
      const std::lock_guard lock(mutex_);
      if (answer_) {
        return;
      }
      answer_ = answer;
      done = std::exchange(done_, nullptr);
    }
    if (done) {
      done(answer);
    }
  }
  // Null: nobody is to be told any more.
  void when_done(std::function<void(const Answer<T>&)> done) {
    {
      const std::lock_guard lock(mutex_);
      if (!answer_ || !done) {
        done_ = std::move(done);
        return;
      }
    }
    post_([done = std::move(done), answer = *answer_] { done(answer); });
  }
  // None: it is not done.
  std::optional<Answer<T>> answer() const {
    const std::lock_guard lock(mutex_);
    return answer_;
  }

 private:
  const std::function<void(std::function<void()>)> post_;
  mutable std::mutex mutex_;
  std::optional<Answer<T>> answer_;             // guarded by mutex_; once it is there, for good
  std::function<void(const Answer<T>&)> done_;  // guarded by mutex_
};

}  // namespace detail

// A call that is under way: it was sent when it was made, and goes on whatever becomes of this object. Its
// answer is had once, by then() or by co_await: in a coroutine activity, or in any coroutine of the program's
// that awaits what it is given.
template <class T>
class [[nodiscard("then() or co_await it")]] Async : public detail::AwaitableTag {
 public:
  // `keep` lives as long as this object.
  Async(std::shared_ptr<detail::AsyncState<T>> state, std::shared_ptr<void> keep)
      : state_(std::move(state)), keep_(std::move(keep)) {}
  Async(Async&&) noexcept = default;
  Async& operator=(Async&&) noexcept = default;
  ~Async() {
    if (state_ != nullptr && awaited_) {
      state_->when_done(nullptr);  // the coroutine may be destroyed while it waits
    }
  }

  // Calls `done` on the loop's thread, once and not within this call; never if every copy of the client is
  // gone before there is an answer. What it throws comes out of the program's loop.
  void then(std::function<void(const Answer<T>&)> done) && {
    std::exchange(state_, nullptr)->when_done(std::move(done));
  }

  bool await_ready() const noexcept { return false; }
  // Resumes on the loop's thread; in an activity on that of its worker.
  void await_suspend(std::coroutine_handle<> waiting) {
    awaited_ = true;
    state_->when_done([resume = detail::suspend_here(waiting)](const Answer<T>&) { resume(); });
  }
  // Throws what the call would have thrown; CancelledError in an activity that is told to stop while it
  // waits.
  T await_resume() {
    const std::optional<Answer<T>> answer = state_->answer();
    if (!answer) {
      detail::throw_stopped();
    }
    return answer->value();
  }

 private:
  std::shared_ptr<detail::AsyncState<T>> state_;
  std::shared_ptr<void> keep_;
  bool awaited_ = false;
};

// An Async whose answer is the program's: so a coroutine activity waits for what the program's loop brings.
//
//   perdure::AsyncPromise<std::string> line;
//   read_line(socket, [line](std::string text) { line.set_value(std::move(text)); });
//   std::string text = co_await line.get_async();
//
// Copies share the answer; the first one counts. Thread-safe.
template <class T>
class AsyncPromise {
 public:
  AsyncPromise()
      : state_(std::make_shared<detail::AsyncState<T>>([](const std::function<void()>& work) { work(); })) {}

  // Once. Its then() may call back at once, where there is a value already.
  Async<T> get_async() const { return Async<T>(state_, nullptr); }

  void set_value(typename Answer<T>::Value value = {}) const {
    state_->complete(Answer<T>(std::move(value)));
  }
  void set_exception(std::exception_ptr error) const { state_->complete(Answer<T>(std::move(error))); }

 private:
  std::shared_ptr<detail::AsyncState<T>> state_;
};

}  // namespace perdure
