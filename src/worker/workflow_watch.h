#pragma once
// Reports workflow code that does not come to rest: it holds up every other workflow of its worker.
#include <chrono>
#include <mutex>
#include <string>

#include "base/event_loop.h"

namespace perdure::worker {

class WorkflowWatch {
 public:
  // What is running; copied only when it is reported. The strings outlive the step.
  struct Step {
    const std::string* workflow_type;
    const std::string* workflow_id;
    const std::string* run_id;
  };

  // `loop` is destroyed first, or outlives it.
  explicit WorkflowWatch(EventLoop& loop) : loop_(loop) {}

  // Looks every now and then, until the loop ends. Not for the loop that runs the code.
  void start();

  // Of the thread that runs workflow code.
  void begin(const Step& step);
  void end();

 private:
  void look();

  EventLoop& loop_;
  std::mutex mutex_;
  bool running_ = false;
  bool reported_ = false;
  Step step_{};
  EventLoop::Clock::time_point since_{};
};

}  // namespace perdure::worker
