#pragma once
// One thread that runs what is posted, in order, and timers. Coroutine activities live here, heartbeats and
// repeated calls are timed here. What it runs must not block; if it does, that is reported once it is
// noticed: when something else is to run, and at its end.
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "perdure/logger.h"

namespace perdure::worker {

class EventLoop {
 public:
  using Clock = std::chrono::steady_clock;
  using TimerId = std::pair<Clock::time_point, std::uint64_t>;

  EventLoop();
  // Joins; what is posted or timed and has not run by then is dropped.
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  void post(std::function<void()> work);
  TimerId run_after(std::chrono::nanoseconds delay, std::function<void()> work);
  // No effect when it has run.
  void cancel(TimerId timer);

  // Whether the calling thread is that of an event loop.
  static bool runs_here();
  // For what runs on the loop: whom a report of it names.
  static void describe_work(LogFields fields);

 private:
  void run();
  std::optional<LogRecord> blocked();

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::uint64_t next_timer_ = 0;
  std::deque<std::function<void()>> posted_;
  std::map<TimerId, std::function<void()>> timers_;
  std::optional<Clock::time_point> working_since_;  // none: at rest
  LogFields about_;                                 // whom the work belongs to
  bool reported_ = false;                           // that it blocks
  std::thread thread_;
};

}  // namespace perdure::worker
