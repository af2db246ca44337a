#pragma once
// Keeps a number of long polls of one queue open, as far as there are free slots, and hands over what they
// bring.
#include <fmt/core.h>

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

#include "base/event_loop.h"
#include "client/connection.h"
#include "perdure/task.h"
#include "worker/gate.h"
#include "worker/gate_wait.h"
#include "worker/slots.h"
#include "worker/warn.h"
#include "worker/worker_metrics.h"

namespace perdure::worker {

template <class Request, class Response>
class Poller {
 public:
  // `on_task` takes over the slot of the poll; it runs on any thread (or on the loop of the program) and must
  // not block. Connection and slots
  // outlive the poller; the loop is joined before the poller is destroyed, so that no pause outlives it.
  // `max_per_second`: how many polls are opened, and so tasks taken; 0: as many as come. Tasks come in bursts
  // of at most a tenth of that.
  Poller(client::Connection& connection, EventLoop& loop, Slots& slots, std::string method, Request request,
         std::size_t max_polls, PollerMetrics metrics, std::function<void(Response)> on_task,
         double max_per_second = 0)
      : connection_(connection),
        loop_(loop),
        slots_(slots),
        method_(std::move(method)),
        request_(std::move(request)),
        max_polls_(max_per_second > 0 ? std::min(max_polls, burst(max_per_second)) : max_polls),
        interval_(max_per_second > 0 ? std::chrono::duration_cast<Duration>(
                                           std::chrono::duration<double>(1 / max_per_second))
                                     : Duration::zero()),
        metrics_(metrics),
        on_task_(std::move(on_task)),
        retry_(fresh_retry()) {}

  // Opens polls up to the limit. Thread-safe.
  void top_up() {
    while (std::optional<Registered> poll = register_poll()) {
      report_open();
      begin(*std::move(poll));
    }
  }

  // Opens no more polls.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  // Waits until no poll is open, and cancels those that are still open after `patience`. Tasks that were on
  // their way are handed over; over a network, a task may be lost with the poll that is cancelled, and comes
  // again when it has timed out.
  Task<> stop(std::chrono::nanoseconds patience) {
    close();
    if (!co_await GateWait(gate_, loop_, patience)) {
      cancel_polls();
    }
    co_await GateWait(gate_, loop_);
  }

 private:
  struct Registered {
    std::uint64_t number;
    std::shared_ptr<Gate::Pass> pass;
  };

  static std::size_t burst(double max_per_second) {
    return std::max<std::size_t>(1, static_cast<std::size_t>(std::min(max_per_second / 10, 1e6)));
  }

  // With the lock held. False: not yet; top_up() is called when it is time.
  bool within_pace() {
    if (interval_ == Duration::zero()) {
      return true;
    }
    const auto now = EventLoop::Clock::now();
    if (now >= next_poll_at_) {
      return true;
    }
    if (!std::exchange(waits_for_pace_, true)) {
      loop_.run_after(next_poll_at_ - now, [this] {
        {
          const std::lock_guard lock(mutex_);
          waits_for_pace_ = false;
        }
        top_up();
      });
    }
    return false;
  }

  void cancel_polls() {
    std::vector<std::uint64_t> tickets;
    {
      const std::lock_guard lock(mutex_);
      cancelling_ = true;
      for (const auto& [poll, ticket] : open_) {
        if (ticket) {
          tickets.push_back(*ticket);
        }
      }
    }
    for (const std::uint64_t ticket : tickets) {
      connection_.transport().cancel(ticket);
    }
  }

  client::Retry fresh_retry() const {
    return client::Retry(client::CallKind::kTaskPoll, connection_.in_process());
  }

  std::optional<Registered> register_poll() {
    const std::lock_guard lock(mutex_);
    if (closed_ || pausing_ || open_.size() >= max_polls_ || !within_pace() || !slots_.try_reserve()) {
      return std::nullopt;
    }
    if (interval_ > Duration::zero()) {
      next_poll_at_ = EventLoop::Clock::now() + interval_;
    }
    open_.emplace(next_poll_, std::nullopt);
    return Registered{next_poll_++, gate_.enter()};
  }

  void begin(Registered registered) {
    const std::uint64_t poll = registered.number;
    auto response = std::make_shared<Response>();
    Response* received = response.get();
    const std::uint64_t ticket = connection_.transport().call(
        method_, request_, received, connection_.timeout(client::CallKind::kTaskPoll),
        [this, poll, response = std::move(response),
         pass = std::move(registered.pass)](const Status& status) mutable {
          loop_.deliver([this, poll, response = std::move(response), pass = std::move(pass), status] {
            finish(poll, status, std::move(*response));
          });
        });
    // The poll may have ended meanwhile; or cancel_polls() may have looked for its ticket before there was
    // one.
    bool too_late = false;
    {
      const std::lock_guard lock(mutex_);
      if (const auto found = open_.find(poll); found != open_.end()) {
        found->second = ticket;
        too_late = cancelling_;
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
      if (status.ok()) {
        retry_ = fresh_retry();
        reported_ = Code::kOk;
      }
    }
    report_open();
    const bool brought_task = status.ok() && !response.task_token().empty();
    if (status.ok()) {
      metrics_.metrics.count(brought_task ? metrics_.brought_task : metrics_.brought_nothing);
    }
    if (brought_task) {
      on_task_(std::move(response));
    }
    if (!status.ok()) {
      pause(status);
    }
    if (!brought_task) {
      slots_.release();
    }
    top_up();
  }

  // A service that refuses is not asked again at once.
  void pause(const Status& status) {
    const double fraction = connection_.fresh_fraction();
    Duration delay{};
    bool is_news = false;
    {
      const std::lock_guard lock(mutex_);
      if (pausing_ || closed_) {
        return;
      }
      pausing_ = true;
      delay = retry_.after(status, connection_.pacer().now(), fraction).value_or(kLongestDelay);
      is_news = note(status);
    }
    if (is_news) {
      warn(fmt::format("{} fails and is tried again: {}", method_, status.to_string()),
           {{"task_queue", request_.task_queue().name()}});
    }
    loop_.run_after(delay, [this] {
      {
        const std::lock_guard lock(mutex_);
        pausing_ = false;
      }
      top_up();
    });
  }

  // With the lock held. True once for each kind of trouble. A poll that ran out of time, or one attempt that
  // failed, is none.
  bool note(const Status& status) {
    const bool news = status.code() != reported_ && status.code() != Code::kDeadlineExceeded &&
                      (retry_.attempts() > 1 || connection_.in_process());
    if (news) {
      reported_ = status.code();
    }
    return news;
  }

  // Tells the sink how many polls are open, without the lock: one thread at a time, until it told the last
  // number.
  void report_open() {
    std::unique_lock lock(mutex_);
    if (std::exchange(reporting_, true)) {
      return;
    }
    while (told_open_ != open_.size()) {
      const std::size_t open = told_open_ = open_.size();
      lock.unlock();
      metrics_.metrics.pollers(metrics_.poller_type, open);
      lock.lock();
    }
    reporting_ = false;
  }

  static constexpr Duration kLongestDelay = std::chrono::seconds(10);

  client::Connection& connection_;
  EventLoop& loop_;
  Slots& slots_;
  const std::string method_;
  const Request request_;
  const std::size_t max_polls_;
  const Duration interval_;  // between two polls; zero: none
  const PollerMetrics metrics_;
  const std::function<void(Response)> on_task_;
  Gate gate_;

  std::mutex mutex_;
  bool closed_ = false;
  bool cancelling_ = false;
  bool pausing_ = false;
  bool waits_for_pace_ = false;
  EventLoop::Clock::time_point next_poll_at_{};  // not before
  client::Retry retry_;
  Code reported_ = Code::kOk;
  bool reporting_ = false;     // to the sink, by a thread
  std::size_t told_open_ = 0;  // what it was told last
  std::uint64_t next_poll_ = 0;
  std::map<std::uint64_t, std::optional<std::uint64_t>> open_;  // poll -> ticket, once it is known
};

}  // namespace perdure::worker
