#pragma once
// How a worker waits while it stops: on its own threads it blocks, on the loop of the program it suspends. So
// the order in which its parts stop is written once, as coroutines.
#include <chrono>
#include <coroutine>
#include <memory>
#include <optional>
#include <utility>

#include "base/event_loop.h"
#include "perdure/detail/awaitable.h"
#include "worker/gate.h"

namespace perdure::worker {

// co_await GateWait(gate, loop): until nothing is inside. GateWait(gate, loop, patience): at most that long;
// gives whether nothing is.
class GateWait : public perdure::detail::AwaitableTag {
 public:
  GateWait(Gate& gate, EventLoop& loop, std::optional<std::chrono::nanoseconds> at_most = std::nullopt)
      : gate_(gate), loop_(loop), at_most_(at_most) {}

  bool await_ready() {
    if (!loop_.has_thread()) {
      return gate_.is_empty() || (at_most_ && *at_most_ <= std::chrono::nanoseconds::zero());
    }
    if (at_most_) {
      gate_.wait_for(*at_most_);
    } else {
      gate_.wait();
    }
    return true;
  }

  void await_suspend(std::coroutine_handle<> waiting) {
    waiter_ = std::make_shared<Waiter>(Waiter{gate_, loop_, waiting, !at_most_});
    if (at_most_) {
      timer_ = loop_.run_after(*at_most_, [waiter = waiter_] { waiter->resume(); });
    }
    waiter_->listen(waiter_);
  }

  bool await_resume() {
    if (timer_) {
      loop_.cancel(*timer_);
    }
    gate_.on_empty(nullptr);
    return gate_.is_empty();
  }

 private:
  struct Waiter {
    Gate& gate;
    EventLoop& loop;
    std::coroutine_handle<> waiting;
    bool until_empty;

    void listen(const std::shared_ptr<Waiter>& self) {
      gate.on_empty([self] {
        self->loop.post([self] {
          if (self->until_empty && self->waiting && !self->gate.is_empty()) {
            self->listen(self);  // something has entered meanwhile
          } else {
            self->resume();
          }
        });
      });
    }
    void resume() {
      if (const auto resumed = std::exchange(waiting, nullptr)) {
        resumed.resume();
      }
    }
  };

  Gate& gate_;
  EventLoop& loop_;
  const std::optional<std::chrono::nanoseconds> at_most_;
  std::shared_ptr<Waiter> waiter_;
  std::optional<EventLoop::TimerId> timer_;
};

}  // namespace perdure::worker
