#pragma once
// Takes activity tasks and runs them: functions on a pool of threads (or on the loop of the program),
// coroutines on the event loop.
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "perdure/detail/activity_definition.h"
#include "worker/calls.h"
#include "worker/gate.h"
#include "worker/poller.h"
#include "worker/process_pool.h"
#include "worker/running_activity.h"
#include "worker/slots.h"
#include "worker/thread_pool.h"
#include "worker/worker_metrics.h"

namespace perdure::worker {

struct ActivityWorkerOptions {
  std::string task_queue;
  std::string identity;
  std::string instance_key;  // tells this worker from all others, as identities may not
  std::size_t max_concurrent = 100;
  std::size_t max_concurrent_local = 100;  // local activities, which LocalActivities counts
  std::size_t max_polls = 16;
  std::size_t max_processes = 0;       // 0: as many as there are processors
  double max_per_second = 0;           // 0: no limit
  double max_per_second_of_queue = 0;  // 0: no limit
  bool functions_on_loop = false;      // that of the program
  HeartbeatOptions heartbeat;
  std::vector<std::shared_ptr<Interceptor>> interceptors;
};

class ActivityWorker {
 public:
  // `calls` outlives it.
  ActivityWorker(Calls& calls, ActivityWorkerOptions options,
                 std::vector<detail::ActivityDefinition> definitions);
  ~ActivityWorker();

  void start();
  // No further polls; those that are open go on.
  void close_polls() { poller_.close(); }
  // No polls any more, see Poller::stop. Tasks that workflow tasks bring along (execute) may still come.
  Task<> stop_polling(std::chrono::nanoseconds patience) { return poller_.stop(patience); }
  // Waits for what runs: for `grace`, then cancels it and waits on.
  Task<> finish(std::chrono::nanoseconds grace);

  // For tasks that come with the answer to a workflow task: reserve a slot first, then run the task or give
  // it back.
  bool knows(const std::string& activity_type) const {
    return definitions_.contains(activity_type) || definitions_.contains("");  // "": the dynamic one
  }
  // The names of the types, for reports.
  std::string registered() const;
  bool try_reserve_slot() { return slots_.try_reserve(); }
  void release_slot() { slots_.release(); }
  // Takes over one reserved slot.
  void execute(ActivityTask task);
  // Runs the code of the attempt's type, or fails the attempt when there is none. For attempts that the
  // worker started itself, which need no slot.
  void run(const std::shared_ptr<ActivityAttempt>& activity, Payloads arguments, Headers headers = {});

 private:
  using ActivityPoller =
      Poller<temporal::api::workflowservice::v1::PollActivityTaskQueueRequest, ActivityTask>;

  void post_function(std::function<void()> work);
  void decode_and_run(ActivityTask task, std::shared_ptr<Gate::Pass> pass);
  void run_task(const ActivityTask& task, std::shared_ptr<Gate::Pass> pass);
  std::shared_ptr<RunningActivity> begin(const ActivityTask& task, std::shared_ptr<Gate::Pass> pass);
  void run_function(const detail::ActivityDefinition& definition, std::shared_ptr<ActivityAttempt> activity,
                    const Payloads& arguments);
  void run_coroutine(const detail::ActivityDefinition& definition, std::shared_ptr<ActivityAttempt> activity,
                     Payloads arguments);
  void run_intercepted(const detail::ActivityDefinition& definition,
                       std::shared_ptr<ActivityAttempt> activity, ExecuteActivityInput input);
  Task<Payload> call_function(const detail::ActivityDefinition& definition, ActivityAttempt& activity,
                              Payloads arguments);
  void cancel_running();
  std::string not_registered(const activity::Info& info) const;

  Calls& calls_;
  const ActivityWorkerOptions options_;
  std::map<std::string, detail::ActivityDefinition, std::less<>> definitions_;
  Slots slots_;
  WorkerMetrics metrics_;
  Gate running_;
  std::mutex mutex_;
  std::uint64_t next_activity_ = 0;
  std::map<std::uint64_t, std::weak_ptr<RunningActivity>> activities_;  // guarded by mutex_
  ProcessPool processes_;
  ThreadPool pool_;
  ActivityPoller poller_;
};

}  // namespace perdure::worker
