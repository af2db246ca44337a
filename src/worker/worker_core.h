#pragma once
// A worker: its parts, and the order in which they start and stop.
#include <memory>
#include <mutex>

#include "perdure/worker.h"
#include "worker/activity_worker.h"
#include "worker/calls.h"
#include "worker/event_loop.h"
#include "worker/workflow_worker.h"

namespace perdure::worker {

class WorkerCore {
 public:
  // Throws OptionsError.
  WorkerCore(std::shared_ptr<client::Connection> connection, WorkerOptions options);
  ~WorkerCore();

  void start();
  void stop();
  // Readable once stop() was called.
  int stop_requested_fd() const { return stop_requested_; }

 private:
  const std::shared_ptr<client::Connection> connection_;
  const std::chrono::nanoseconds graceful_shutdown_timeout_;
  const int stop_requested_;  // eventfd
  std::mutex mutex_;
  bool started_ = false;  // guarded by mutex_
  bool stopped_ = false;  // guarded by mutex_

  // Destroyed in stop(), the event loop first: what is timed refers to the others.
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<Calls> calls_;
  std::unique_ptr<ActivityWorker> activities_;
  std::unique_ptr<WorkflowWorker> workflows_;
};

}  // namespace perdure::worker
