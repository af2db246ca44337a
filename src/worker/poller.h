#pragma once
// Keeps a number of long polls of one queue open, as far as there are free slots, and hands over what they
// bring.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/connection.h"
#include "worker/event_loop.h"
#include "worker/gate.h"
#include "worker/slots.h"

namespace perdure::worker {

template <class Request, class Response>
class Poller {
 public:
  // `on_task` takes over the slot of the poll; it runs on any thread and must not block. Connection and slots
  // outlive the poller; the loop is joined before the poller is destroyed, so that no pause outlives it.
  Poller(client::Connection& connection, EventLoop& loop, Slots& slots, std::string method, Request request,
         std::size_t max_polls, std::function<void(Response)> on_task)
      : connection_(connection),
        loop_(loop),
        slots_(slots),
        method_(std::move(method)),
        request_(std::move(request)),
        max_polls_(max_polls),
        on_task_(std::move(on_task)) {}

  // Opens polls up to the limit. Thread-safe.
  void top_up() {
    while (std::optional<Registered> poll = register_poll()) {
      begin(*std::move(poll));
    }
  }

  // Cancels the open polls and waits until none is left. Tasks that were on their way are still handed over.
  void stop() {
    std::vector<std::uint64_t> tickets;
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      for (const auto& [poll, ticket] : open_) {
        if (ticket) {
          tickets.push_back(*ticket);
        }
      }
    }
    for (const std::uint64_t ticket : tickets) {
      connection_.transport().cancel(ticket);
    }
    gate_.wait();
  }

 private:
  struct Registered {
    std::uint64_t number;
    std::shared_ptr<Gate::Pass> pass;
  };

  std::optional<Registered> register_poll() {
    const std::lock_guard lock(mutex_);
    if (stopping_ || pausing_ || open_.size() >= max_polls_ || !slots_.try_reserve()) {
      return std::nullopt;
    }
    open_.emplace(next_poll_, std::nullopt);
    return Registered{next_poll_++, gate_.enter()};
  }

  void begin(Registered registered) {
    const std::uint64_t poll = registered.number;
    auto response = std::make_shared<Response>();
    Response* received = response.get();
    const std::uint64_t ticket = connection_.transport().call(
        method_, request_, received, std::nullopt,
        [this, poll, response = std::move(response), pass = registered.pass](const Status& status) {
          finish(poll, status, std::move(*response));
        });
    // The poll may have ended meanwhile; or stop() may have looked for its ticket before there was one.
    bool too_late = false;
    {
      const std::lock_guard lock(mutex_);
      if (const auto found = open_.find(poll); found != open_.end()) {
        found->second = ticket;
        too_late = stopping_;
      }
    }
    if (too_late) {
      connection_.transport().cancel(ticket);
    }
  }

  void finish(std::uint64_t poll, const Status& status, Response response) {
    {
      const std::lock_guard lock(mutex_);
      open_.erase(poll);
      delay_ = status.ok() ? kFirstDelay : delay_;
    }
    const bool brought_task = status.ok() && !response.task_token().empty();
    if (brought_task) {
      on_task_(std::move(response));
    }
    if (!status.ok() && status.code() != Code::kCancelled) {
      pause();
    }
    if (!brought_task) {
      slots_.release();
    }
    top_up();
  }

  // A service that refuses is not asked again at once.
  void pause() {
    std::chrono::milliseconds delay{};
    {
      const std::lock_guard lock(mutex_);
      if (pausing_ || stopping_) {
        return;
      }
      pausing_ = true;
      delay = delay_;
      delay_ = std::min(delay_ * 2, std::chrono::milliseconds(10'000));
    }
    loop_.run_after(delay, [this] {
      {
        const std::lock_guard lock(mutex_);
        pausing_ = false;
      }
      top_up();
    });
  }

  static constexpr std::chrono::milliseconds kFirstDelay{100};

  client::Connection& connection_;
  EventLoop& loop_;
  Slots& slots_;
  const std::string method_;
  const Request request_;
  const std::size_t max_polls_;
  const std::function<void(Response)> on_task_;
  Gate gate_;

  std::mutex mutex_;
  bool stopping_ = false;
  bool pausing_ = false;
  std::chrono::milliseconds delay_ = kFirstDelay;
  std::uint64_t next_poll_ = 0;
  std::map<std::uint64_t, std::optional<std::uint64_t>> open_;  // poll -> ticket, once it is known
};

}  // namespace perdure::worker
