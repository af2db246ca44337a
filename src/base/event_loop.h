#pragma once
// Where work is put that is to run later: a thread of ours (worker/thread_loop.h), or the loop of a program
// that embeds us (client/caller_loop.h).
#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

namespace perdure {

// Thread-safe.
class EventLoop {
 public:
  using Clock = std::chrono::steady_clock;
  using TimerId = std::pair<Clock::time_point, std::uint64_t>;

  EventLoop() = default;
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  // What is posted or timed and has not run by then is dropped.
  virtual ~EventLoop() = default;

  // In the order of the calls, one after the other.
  virtual void post(std::function<void()> work) = 0;
  virtual TimerId run_after(std::chrono::nanoseconds delay, std::function<void()> work) = 0;
  // No effect when it has run.
  virtual void cancel(TimerId timer) = 0;

  // False: the loop is the caller's. Users' code then runs there and nowhere else, and whatever runs there
  // cannot wait for anything else that does.
  virtual bool has_thread() const = 0;

  // Runs what an answer of the service leads to: on the spot, or on the caller's loop.
  template <class Work>
  void deliver(Work work) {
    if (has_thread()) {
      work();
    } else {
      post(std::move(work));
    }
  }
};

}  // namespace perdure
