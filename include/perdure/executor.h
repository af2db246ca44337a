#pragma once
// Perdure on an event loop of the program's own, without a thread of Perdure's.
//
//   auto pump = std::make_shared<perdure::Pump>();
//   auto client = perdure::Client::connect("file:./state", {.executor = pump});
//   perdure::Worker worker(client, {.task_queue = "your-task-queue", …});
//   worker.start();
//   while (playing) {
//     pump->run_ready();  // workflows, activities, answers: on this thread and no other
//     draw();
//   }
//
// Pump is for loops that are written by hand, or that wait for descriptors; for others (Asio, Qt, libuv, …)
// derive from Executor. docs/guide/event-loops.md says what runs where.
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

namespace perdure {

// Reaches the program's loop, which runs on one thread at a time. It has to outlive the clients that were
// connected with it, their handles and their workers.
class Executor {
 public:
  Executor() = default;
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;
  virtual ~Executor() = default;

  // Has the loop run `work`: once, soon, and not within this call. Called on any thread; must not throw.
  // `work` throws only what a callback of the program's throws (Async::then).
  virtual void post(std::function<void()> work) = 0;

  // Has the loop run `work` when `delay` has passed. Letting go of the timer that is returned, before or
  // after, cancels it. Called, and the timer destroyed, on the loop's thread only, or on the one that
  // destroys the client when the loop does not run. There is one timer at a time for each client.
  virtual std::shared_ptr<void> run_after(std::chrono::nanoseconds delay, std::function<void()> work) = 0;
};

// A loop that is run by calling it: once a frame, or when its descriptor is readable.
class Pump final : public Executor {
 public:
  // Throws std::system_error when the process has no descriptor left.
  Pump();
  ~Pump() override;

  void post(std::function<void()> work) override;
  std::shared_ptr<void> run_after(std::chrono::nanoseconds delay, std::function<void()> work) override;

  // Runs what is ready on this thread, but not what that makes ready in turn, and says how much that was.
  // What a callback throws comes out here; what is left runs the next time. One thread at a time.
  std::size_t run_ready();
  // The same, after waiting for something to be ready, for `at_most` this long.
  std::size_t wait_and_run(std::chrono::nanoseconds at_most);
  // Readable when run_ready() has something to do: for poll, epoll, select, and loops that are built on them.
  // Nobody else reads from it.
  int descriptor() const;

 private:
  class Impl;
  const std::shared_ptr<Impl> impl_;
};

}  // namespace perdure
