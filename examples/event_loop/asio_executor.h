#pragma once
// Perdure on an Asio io_context: workflows, activities and answers are handlers among others, on the thread
// that runs it.
#include <perdure/perdure.h>

#include <asio.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <utility>

namespace event_loop {

// [executor]
class AsioExecutor final : public perdure::Executor {
 public:
  // `io` outlives it, and is run by one thread at a time.
  explicit AsioExecutor(asio::io_context& io) : io_(io) {}

  void post(std::function<void()> work) override { asio::post(io_, std::move(work)); }
  std::shared_ptr<void> run_after(std::chrono::nanoseconds delay, std::function<void()> work) override {
    auto timer = std::make_shared<asio::steady_timer>(io_, delay);
    timer->async_wait([work = std::move(work)](const asio::error_code& cancelled) {
      if (!cancelled) {
        work();
      }
    });
    return timer;  // a timer that is destroyed is cancelled
  }

 private:
  asio::io_context& io_;
};
// [executor]

// [awaitable]
// A call of Perdure's in a coroutine of Asio's: co_await answer_of(async.execute_workflow<W>(…)).
template <class T>
asio::awaitable<T> answer_of(perdure::Async<T> call) {
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr, T)>(
      [](auto handler, perdure::Async<T> started) {
        const auto resume = std::make_shared<decltype(handler)>(std::move(handler));
        std::move(started).then([resume](const perdure::Answer<T>& answer) {
          (*resume)(answer.error(), answer ? answer.value() : T());
        });
      },
      asio::use_awaitable, std::move(call));
}
// [awaitable]

}  // namespace event_loop
