#pragma once
// A worker: its parts, and the order in which they start and stop.
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "perdure/task.h"
#include "perdure/worker.h"
#include "worker/activity_worker.h"
#include "worker/calls.h"
#include "worker/watched_loop.h"
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
  // On the loop of the program: runs what is left there on this thread. Throws PerdureError from the worker's
  // own code, which it would have to wait for.
  void stop();
  // Only there: begins to stop, and calls `told` on that loop when it has.
  void async_stop(std::function<void()> told);
  const std::shared_ptr<client::Connection>& connection() const { return connection_; }
  bool on_callers_loop() const { return connection_->caller_loop() != nullptr; }
  // Readable once stop() was called.
  int stop_requested_fd() const { return stop_requested_; }

 private:
  void begin_stop();
  Task<> stop_parts();
  void release_parts();
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
  bool server_ends_polls_ = false;           // guarded by mutex_
  std::vector<std::function<void()>> told_;  // when it has stopped; guarded by mutex_
  std::atomic<bool> released_ = false;       // the parts are gone

  // Destroyed when it has stopped, the event loop first: what is timed refers to the others.
  WatchedLoop* watched_loop_ = nullptr;  // loop_, if it is the program's
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<Calls> calls_;
  std::unique_ptr<ActivityWorker> activities_;
  std::unique_ptr<WorkflowWorker> workflows_;
};

}  // namespace perdure::worker
