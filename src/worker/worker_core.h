#pragma once
// A worker: its parts, and the order in which they start and stop.
#include <chrono>
#include <memory>
#include <mutex>
#include <string>

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

  // Throws RpcError when the namespace does not exist or the server does not answer. Asks for it without a
  // lock, so that stop() need not wait: then it returns without having started anything.
  void start();
  void stop();
  // Readable once stop() was called.
  int stop_requested_fd() const { return stop_requested_; }

 private:
  bool look_at_namespace();
  void announce_shutdown();

  const std::shared_ptr<client::Connection> connection_;
  const std::chrono::nanoseconds graceful_shutdown_timeout_;
  const std::string task_queue_;
  const std::string identity_;
  const std::string instance_key_;
  const int stop_requested_;  // eventfd
  std::mutex mutex_;
  bool started_ = false;  // guarded by mutex_
  bool stopped_ = false;  // guarded by mutex_
  // The server ends the polls of a worker that says that it stops, so that no task is lost with a cancelled
  // poll.
  bool server_ends_polls_ = false;  // guarded by mutex_

  // Destroyed in stop(), the event loop first: what is timed refers to the others.
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<Calls> calls_;
  std::unique_ptr<ActivityWorker> activities_;
  std::unique_ptr<WorkflowWorker> workflows_;
};

}  // namespace perdure::worker
