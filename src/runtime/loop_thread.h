#pragma once
// The thread that steps an Instance in programs: sleeps until something was posted or is due.
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "base/status.h"
#include "runtime/clock.h"
#include "runtime/driver.h"
#include "runtime/instance.h"

namespace perdure::runtime {

class LoopThread final : public Driver {
 public:
  // Starts stepping. `instance` and `clock` (the instance's own) outlive the thread; nobody else steps
  // meanwhile.
  LoopThread(Instance& instance, Clock& clock);
  // Stops, if stop() was not called.
  ~LoopThread() override;

  // Ends the thread, too.
  Status stop() override;

 private:
  void run();
  void wake();
  // False: the thread is to end.
  bool sleep(std::optional<Timestamp> wake_at);

  Instance& instance_;
  Clock& clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool awake_ = true;  // a wake-up since the last sleep
  bool stopping_ = false;
  std::mutex stop_mutex_;
  std::optional<Status> stopped_;
  std::thread thread_;
};

}  // namespace perdure::runtime
