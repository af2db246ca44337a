#pragma once
// Takes workflow tasks and runs workflow code on one thread, or on the loop of the program. Runs stay in
// memory between their tasks; their tasks come over a queue of this worker's own (sticky), which is how the
// service knows to send new events only.
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "perdure/detail/workflow_definition.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"
#include "worker/activity_worker.h"
#include "worker/calls.h"
#include "worker/history_reader.h"
#include "worker/local_activities.h"
#include "worker/poller.h"
#include "worker/run_cache.h"
#include "worker/slots.h"
#include "worker/worker_metrics.h"
#include "worker/workflow_watch.h"

namespace perdure::worker {

struct WorkflowWorkerOptions {
  std::string task_queue;
  std::string identity;
  std::string instance_key;  // tells this worker from all others, as identities may not
  std::string build_id;
  std::size_t max_concurrent = 100;
  std::size_t max_polls = 16;
  bool in_process = false;
  std::size_t max_cached = 1000;
  std::int64_t max_cached_bytes = 0;  // 0: no limit
  std::size_t max_concurrent_local_activities = 100;
  std::chrono::nanoseconds sticky_timeout{};
  bool eager_activities = true;
  bool guard_determinism = true;
  std::vector<std::shared_ptr<Interceptor>> interceptors;
};

class WorkflowWorker {
 public:
  // `calls` and `activities` outlive it.
  WorkflowWorker(Calls& calls, ActivityWorker& activities, WorkflowWorkerOptions options,
                 std::vector<detail::WorkflowDefinition> definitions);
  ~WorkflowWorker();

  void start();
  // No further polls; those that are open go on.
  void close_polls();
  // Takes no more tasks (see Poller::stop), works off those that it has, and ends the thread. Local
  // activities may run for `grace`, then they are told to stop; a run whose local activity did not finish is
  // left to another worker.
  Task<> stop(std::chrono::nanoseconds patience, std::chrono::nanoseconds grace);

 private:
  using WorkflowTask = temporal::api::workflowservice::v1::PollWorkflowTaskQueueResponse;
  using WorkflowPoller =
      Poller<temporal::api::workflowservice::v1::PollWorkflowTaskQueueRequest, WorkflowTask>;

  struct LocalResult {
    std::uint32_t number;
    LocalActivities::Outcome outcome;
    std::uint64_t incarnation = 0;
  };
  // One task on its way to its answer.
  struct Activation {
    std::shared_ptr<const WorkflowTask> task;
    const detail::WorkflowDefinition* definition;
    std::unique_ptr<workflow_core::WorkflowRun> run;  // null: to be replayed from its first event
    Timestamp begun{};                                // for metrics
    EventLoop::Clock::time_point received{};
    std::vector<LocalResult> local_results;  // that came before the task
    std::uint64_t incarnation = 0;           // of `run`
    bool query_only = false;                 // the task is a query, which changes nothing
  };
  // A run that waits for local activities.
  struct Held {
    enum class State {
      kOpen,      // its task is
      kAnswered,  // with a heartbeat; the next task is on its way
      kReading,   // the next task is here, but not all of its events
    };
    std::shared_ptr<Activation> activation;
    workflow_core::Completion completion;  // so far
    std::optional<EventLoop::TimerId> heartbeat;
    State state = State::kOpen;
  };
  enum class Answer {
    kFinal,
    kHeartbeat,  // the task is continued by another one, which comes with the answer
    kHandOver,   // by another one, for another worker
  };

  void enqueue(std::function<void()> work);
  void run();
  void run_on_loop();
  bool is_at_end() const;
  void end();
  void process(WorkflowTask task);

  // Queries (workflow_worker_queries.cc).
  void process_query(WorkflowTask task, const detail::WorkflowDefinition& definition);
  void replayed_for_query(const std::shared_ptr<Activation>& activation,
                          const workflow_core::Completion& completion);
  workflow_core::QueryAnswer ask(const WorkflowTask& task, workflow_core::WorkflowRun& run,
                                 const temporal::api::query::v1::WorkflowQuery& query);
  void answer_query(const WorkflowTask& task, workflow_core::QueryAnswer answer);
  void refuse_query(const WorkflowTask& task, const std::string& why, const std::string& type);
  // Of the queries that came with a workflow task, by their ids. Null: the run is gone.
  using QueryResults = std::map<std::string, temporal::api::query::v1::WorkflowQueryResult>;
  QueryResults answer_queries(const WorkflowTask& task, workflow_core::WorkflowRun* run);

  void begin(const std::shared_ptr<Activation>& activation);
  void activate(const std::shared_ptr<Activation>& activation, const workflow_core::HistoryEvents& events);
  void activate_decoded(const std::shared_ptr<Activation>& activation,
                        const workflow_core::HistoryEvents& events);
  workflow_core::Completion run_code(const WorkflowTask& task,
                                     const std::function<workflow_core::Completion()>& step);
  void give_up(const std::shared_ptr<Activation>& activation, const Status& status);
  // The slot of a task is free again.
  void release();
  void measure_task(const WorkflowTask& task);
  void measure_activation(const Activation& activation, bool whole);
  void measure_completion(const WorkflowTask& task, const workflow_core::WorkflowRun& run,
                          const workflow_core::Completion& completion);
  void remember(const std::string& run_id, std::unique_ptr<workflow_core::WorkflowRun> run);
  std::unique_ptr<workflow_core::WorkflowRun> take_cached(const WorkflowTask& task);
  bool waits_for_answer(const std::string& run_id);
  void answered(const std::string& run_id);
  void undo_task(const std::string& run_id, std::int64_t started_event_id);
  std::unique_ptr<workflow_core::WorkflowRun> make_run(const WorkflowTask& task,
                                                       const detail::WorkflowDefinition& definition) const;
  void answer(const WorkflowTask& task, std::unique_ptr<workflow_core::WorkflowRun> run,
              workflow_core::Completion completion);
  void complete(const WorkflowTask& task, workflow_core::Completion completion, Answer how,
                QueryResults query_results);
  void refuse_to_send(const WorkflowTask& task, Answer how, const std::string& why);
  void completed(const WorkflowTask& handle, Answer how, const Status& status, WorkflowTask next);

  // Local activities (workflow_worker_local.cc).
  std::string unknown_local_activity(const workflow_core::Completion& completion) const;
  void settle(const std::shared_ptr<Activation>& activation, workflow_core::Completion completion);
  void hold(const std::shared_ptr<Activation>& activation, workflow_core::Completion completion);
  void local_activity_ended(const std::string& run_id, LocalResult result);
  void heartbeat(const std::string& run_id, const std::string& task_token);
  void go_on(const std::string& run_id, WorkflowTask task);
  void hand_over(const std::string& run_id);
  // Forgets the run and frees the slot of its task, if it is open.
  void drop_held(const std::string& run_id);
  void drop_held_if_stopping(const std::string& run_id);
  void stop_holding(const std::shared_ptr<Activation>& activation);
  void fail(const WorkflowTask& task, workflow_core::Completion completion);
  void fail_too_large(const WorkflowTask& task);
  std::size_t reserve_eager_slots(
      google::protobuf::RepeatedPtrField<temporal::api::command::v1::Command>* commands);
  void ask_for_sticky_queue(
      temporal::api::workflowservice::v1::RespondWorkflowTaskCompletedRequest* request) const;
  void report_shutdown();
  std::string not_registered(const std::string& workflow_type) const;

  Calls& calls_;
  ActivityWorker& activities_;
  const WorkflowWorkerOptions options_;
  const std::string sticky_queue_;
  std::map<std::string, detail::WorkflowDefinition, std::less<>> definitions_;
  RunCache cache_;  // of the workflow thread
  HistoryReader history_;
  int reads_ = 0;                                  // under way; of the workflow thread
  std::map<std::string, Held, std::less<>> held_;  // by run id; of the workflow thread
  Slots slots_;
  WorkerMetrics metrics_;
  WorkflowPoller normal_poller_;
  WorkflowPoller sticky_poller_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  // guarded by mutex_
  // Completions without an answer yet, by run id. What such a run did may not have happened, and the events
  // after it then have other ids than the cached run expects: a task that comes meanwhile is replayed from
  // the history.
  std::uint64_t incarnations_ = 0;           // of runs; on the workflow thread
  std::map<std::string, int> unanswered_;    // guarded by mutex_
  std::vector<std::function<void()>> work_;  // guarded by mutex_
  bool ended_ = false;                       // nothing runs any more; of the workflow thread
  Gate working_;
  std::shared_ptr<Gate::Pass> works_;  // from start() to end(); of the workflow thread
  WorkflowWatch watch_;
  LocalActivities local_activities_;
  std::thread thread_;  // none on the loop of the program
};

}  // namespace perdure::worker
