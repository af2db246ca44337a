#pragma once
// The whole service in this process: store, engine, whatever drives it, and the frontend that leads to it.
// Programs that embed it put a transport in front of the frontend.
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/event_loop.h"
#include "base/limits.h"
#include "base/status.h"
#include "frontend/frontend.h"
#include "runtime/clock.h"
#include "runtime/driver.h"
#include "runtime/instance.h"

namespace perdure::host {

class Engine {
 public:
  // Opens or makes the state directory. `loop` null: the engine has a thread of its own; else it runs there.
  static Result<std::unique_ptr<Engine>> open(const std::string& directory,
                                              std::unique_ptr<EventLoop> loop = nullptr);
  // `clock` null: the system's. `history_page_events`: see runtime::InstanceOptions.
  explicit Engine(std::unique_ptr<storage::Storage> storage, std::unique_ptr<runtime::Clock> clock = nullptr,
                  std::unique_ptr<EventLoop> loop = nullptr,
                  int history_page_events = limits::kHistoryPageEvents);
  // stop(), and says on stderr if it failed.
  ~Engine();

  frontend::Frontend& frontend() { return frontend_; }
  // Has the engine's thread look at the clock again. Thread-safe.
  void wake();
  // Does what there is to do, on this thread, if the engine has none of its own. Thread-safe.
  void drive() { driver_->drive(); }
  // As the engine's thread sees them; waits for it for at most `longest`. nullopt: it did not answer.
  std::optional<runtime::InstanceStats> stats(std::chrono::milliseconds longest);

  // Answers what waits, commits what was asked for, closes the store. Not on the engine's own thread, so not
  // from a callback of a call. A second call returns the first one's status.
  Status stop() { return driver_->stop(); }

 private:
  const std::unique_ptr<runtime::Clock> clock_;
  runtime::Instance instance_;
  frontend::Frontend frontend_;
  std::unique_ptr<runtime::Driver> driver_;  // runs while the others live
  std::unique_ptr<EventLoop> loop_;          // null: none; last, as what is posted there refers to the driver
};

}  // namespace perdure::host
