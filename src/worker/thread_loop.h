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

#include "base/event_loop.h"
#include "worker/loop_work.h"

namespace perdure::worker {

class ThreadLoop final : public EventLoop, private LoopWork {
 public:
  ThreadLoop();
  // Joins.
  ~ThreadLoop() override;

  void post(std::function<void()> work) override;
  TimerId run_after(std::chrono::nanoseconds delay, std::function<void()> work) override;
  void cancel(TimerId timer) override;
  bool has_thread() const override { return true; }

 private:
  void run();
  void describe(LogFields fields) override;
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
