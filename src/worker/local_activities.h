#pragma once
// Runs the local activities of the runs here: their attempts, one after the other, and what bounds them. The
// service hears of none of it; the run that asked does.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "worker/activity_worker.h"
#include "worker/calls.h"
#include "worker/gate.h"
#include "worker/worker_metrics.h"
#include "workflow/local_activity.h"

namespace perdure::worker {

struct LocalActivityOwner {
  std::string workflow_type;
  std::string workflow_id;
  std::string run_id;
  std::uint64_t incarnation = 0;  // of the run in this worker: a replay may number its activities anew
};

// Thread-safe.
class LocalActivities {
 public:
  using Outcome = std::optional<workflow_core::LocalActivityOutcome>;
  // Called once for each that was started, on any thread, unless its run was left or dropped. Must not block.
  // None: the worker stops and has not finished it.
  using Ended =
      std::function<void(const LocalActivityOwner& owner, std::uint32_t number, const Outcome& outcome)>;

  // All outlive it.
  LocalActivities(Calls& calls, ActivityWorker& activities, std::string task_queue,
                  std::size_t max_concurrent, Ended ended);
  ~LocalActivities() { code_.wait(); }

  // One that runs already, as its run was dropped meanwhile, goes on, if the replay asks for the very same.
  void start(const LocalActivityOwner& owner, workflow_core::LocalActivityTask task);
  void cancel(const std::string& run_id, std::uint32_t number);
  // The run has ended: all of its activities are told to stop, and nobody hears of them.
  void leave(const std::string& run_id);
  // The run is not in memory any more, and may be started again from its history: attempts go on, but no
  // further one begins.
  void drop(const std::string& run_id);
  // The worker stops: no attempt begins any more; those that run are told to stop.
  void stop();
  // Until none of their code runs.
  GateWait wait() { return GateWait(code_, calls_.loop()); }

 private:
  class Attempt;
  struct Execution;
  using Key = std::pair<std::string, std::uint32_t>;  // run id, number
  using ExecutionPointer = std::shared_ptr<Execution>;
  // What is to be done once the lock is released: the end of an activity is told, code is started or stopped.
  using Deferred = std::function<void()>;

  void begin_waiting();
  void begin_attempt(const ExecutionPointer& execution);
  activity::Info info_of(const Execution& execution) const;
  void attempt_ended(const ExecutionPointer& execution, const Attempt* attempt, const Payload* result,
                     const std::exception_ptr& exception);
  void start_to_close_timed_out(const ExecutionPointer& execution, const Attempt* attempt);
  void schedule_to_close_timed_out(const ExecutionPointer& execution);

  // With the lock held.
  Deferred failed(const ExecutionPointer& execution, temporal::api::failure::v1::Failure failure);
  Deferred end(const ExecutionPointer& execution, Outcome outcome);
  bool is_there(const ExecutionPointer& execution) const;
  void cancel_timers(Execution& execution);
  Deferred stop_attempt(Execution& execution, StopReason reason);
  Deferred measure(const Execution& execution, const temporal::api::failure::v1::Failure* failure) const;

  Calls& calls_;
  ActivityWorker& activities_;
  const std::string task_queue_;
  const std::size_t max_concurrent_;
  const Ended ended_;
  WorkerMetrics metrics_;
  Gate code_;
  std::mutex mutex_;
  bool stopping_ = false;                       // guarded by mutex_
  std::size_t running_ = 0;                     // guarded by mutex_
  std::deque<ExecutionPointer> waiting_;        // for a free slot; guarded by mutex_
  std::map<Key, ExecutionPointer> executions_;  // guarded by mutex_
};

// How long to wait before the attempt after `attempt`; none: there is none.
std::optional<std::chrono::nanoseconds> pause_before_retry(
    const RetryPolicy& policy, int attempt, const temporal::api::failure::v1::Failure& failure);

}  // namespace perdure::worker
