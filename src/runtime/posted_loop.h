#pragma once
// Steps an Instance on somebody else's event loop: when something was posted or is due, a step is posted
// there. Commits, and with them the syncs to the disk, happen on that loop's thread.
#include <mutex>
#include <optional>
#include <thread>

#include "base/event_loop.h"
#include "base/status.h"
#include "runtime/clock.h"
#include "runtime/driver.h"
#include "runtime/instance.h"

namespace perdure::runtime {

class PostedLoop final : public Driver {
 public:
  // `instance`, its clock and `loop`, which runs nothing else of the instance's, outlive this. What is posted
  // there refers to this: the loop is destroyed first, or runs no more.
  PostedLoop(Instance& instance, Clock& clock, EventLoop& loop);
  // Stops, if stop() was not called.
  ~PostedLoop() override;

  Status stop() override;
  // For callers that wait: one step may serve them as well as one on the loop.
  void drive() override;

 private:
  void wake();
  void step();
  void sleep(std::optional<Timestamp> wake_at);

  Instance& instance_;
  Clock& clock_;
  EventLoop& loop_;
  std::mutex stepping_;  // held while somebody steps

  std::mutex mutex_;
  bool posted_ = false;                      // a step; guarded by mutex_
  std::thread::id stepper_;                  // guarded by mutex_
  std::optional<EventLoop::TimerId> timer_;  // guarded by stepping_
  std::optional<Status> stopped_;            // guarded by stepping_
};

}  // namespace perdure::runtime
