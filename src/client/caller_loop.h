#pragma once
// The loop of a program that embeds us, as our rooms want it: queues and timers over an Executor, which is
// asked for no more than one callback and one timer at a time.
//
// Whoever has to wait where the loop's thread is needed runs it himself (run_until): so stop() and the
// destructor of a worker end although the program's loop does not run meanwhile, or any more.
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "base/event_loop.h"
#include "perdure/executor.h"

namespace perdure::client {

class CallerLoop : public std::enable_shared_from_this<CallerLoop> {
 public:
  static std::shared_ptr<CallerLoop> make(std::shared_ptr<Executor> executor);
  ~CallerLoop();
  CallerLoop(const CallerLoop&) = delete;
  CallerLoop& operator=(const CallerLoop&) = delete;

  // For one user of the loop. Its destructor drops what it has posted and not what others have, and waits for
  // what runs on another thread.
  std::unique_ptr<EventLoop> make_queue();

  // The loop ran here when it last ran. Thread-safe.
  bool runs_here() const;
  // Runs the loop's work, of all queues, on this thread until `done`, which work makes true and which is
  // asked on this thread only. Thread-safe; work runs one after the other all the same.
  void run_until(const std::function<bool()>& done);

 private:
  using Clock = EventLoop::Clock;
  using TimerId = EventLoop::TimerId;
  class Queue;
  struct Item {
    const Queue* owner = nullptr;
    std::function<void()> work;
  };

  explicit CallerLoop(std::shared_ptr<Executor> executor) : executor_(std::move(executor)) {}

  void post(const Queue* owner, std::function<void()> work);
  TimerId run_after(const Queue* owner, std::chrono::nanoseconds delay, std::function<void()> work);
  void cancel(TimerId timer);
  void forget(const Queue* owner);

  void ask();
  void run_ready();
  bool run_one();
  void promote_due_timers();
  void set_alarm();

  const std::shared_ptr<Executor> executor_;
  std::recursive_mutex running_;  // held while an item runs; a blocking stop() may run others from inside

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> posted_;         // guarded by mutex_, as all that follows but alarm_
  std::map<TimerId, Item> timers_;  // guarded by mutex_
  std::uint64_t next_timer_ = 0;
  bool asked_ = false;       // the executor will call
  std::size_t waiting_ = 0;  // in run_until()
  std::thread::id loop_;     // where the executor called last
  std::thread::id runner_;   // where an item runs now
  std::optional<Clock::time_point> alarm_at_;
  std::shared_ptr<void> alarm_;  // of the loop's thread
};

}  // namespace perdure::client
