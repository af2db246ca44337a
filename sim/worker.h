#pragma once
// A simulated worker: polls, interprets programs, runs activities, answers, with all the faults that a worker
// can have (slow, silent, twice, late, with a token of yesterday). It counts how often the code of each
// attempt ran (A3) and knows what an engine must not do to it.
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "code.h"
#include "program.h"
#include "world.h"

namespace perdure::sim {

// What is known of one attempt of one activity from the outside.
struct Attempt {
  int number = 0;
  int executions = 0;             // how often its code was started
  std::uint64_t taken_order = 0;  // in the ledger's order of calls and answers
  Timestamp started_at;
  Timestamp scheduled_at;
  bool answered = false;     // an answer was accepted
  bool failed = false;       // ... and it was a failure
  Timestamp answered_after;  // lower bound of the engine's time of that answer
  std::int64_t accepted_heartbeats = 0;
  std::string last_accepted_details;
  Timestamp last_accepted_after;             // lower bound of the engine's time of that heartbeat
  std::vector<std::string> unknown_details;  // of heartbeats after it, whose outcome is not known
};

struct ActivityRecord {
  ActivityStep step;
  std::vector<Attempt> attempts;  // those that a worker saw, in order
};

// Shared by all workers of a run; outlives their deaths.
struct WorkerRecords {
  std::map<std::pair<std::string, std::string>, ActivityRecord> activities;  // by run id and activity id
  std::map<std::string, int> accepted;  // answers accepted, by task token
  AnsweredCodes code;
};

class Worker {
 public:
  Worker(World& world, WorkerRecords& records, int index);

  void start();
  // The process that it lives in died: everything that it knew is gone.
  void forget();
  void pause(Duration duration);
  bool in_process() const { return world_.plan.in_process_worker; }

 private:
  using Events = std::vector<temporal::api::history::v1::HistoryEvent>;
  struct WorkflowTask {
    wire::PollWorkflowTaskQueueResponse response;
    Events events;
    std::string page_token;
    int generation = 0;
    bool complete_history = true;
  };
  struct ActivityTask {
    wire::PollActivityTaskQueueResponse response;
    ActivityStep step;
    std::string name;
  };
  using WorkflowTaskPointer = std::shared_ptr<WorkflowTask>;
  using ActivityTaskPointer = std::shared_ptr<ActivityTask>;

  void after(Duration delay, std::function<void()> action);
  void poll_workflow_tasks(bool sticky);
  void poll_activity_tasks();
  // Polls once, takes what comes, and polls `again` a moment later.
  template <class Request, class Response>
  void poll(const char* method, Request request, std::function<void()> again);
  std::string sticky_queue() const;
  // What happened first is seen first: there is no network in between.
  bool orderly() const { return in_process() || !world_.plan.network; }

  // workflow tasks
  void take(const wire::PollWorkflowTaskQueueResponse& response);
  void check_task(const WorkflowTask& task);
  void check_started_event(const WorkflowTask& task);
  void gather_history(const WorkflowTaskPointer& task);
  void fetch_page(const WorkflowTaskPointer& task);
  void fetch_whole_history(const WorkflowTaskPointer& task, const std::string& page_token,
                           std::shared_ptr<Events> fetched);
  void handle(const WorkflowTaskPointer& task);
  void answer(const WorkflowTaskPointer& task, const Decision& decision);
  void complete(const WorkflowTaskPointer& task, const Decision& decision, int repeats, bool poisoned);
  void completed(const WorkflowTaskPointer& task, const Decision& decision, const Status& status,
                 const wire::RespondWorkflowTaskCompletedResponse& response, bool poisoned);
  void fail(const WorkflowTaskPointer& task);

  // workflow tasks whose workflow is code
  void run_code(const WorkflowTaskPointer& task);
  CodePointer take_cached_code(const std::string& run_id);
  void forget_code(const std::string& run_id);
  void settle_code(const WorkflowTaskPointer& task, const CodePointer& code,
                   workflow_core::Completion completion);
  void start_local(const WorkflowTaskPointer& task, const CodePointer& code,
                   const workflow_core::LocalActivityTask& wanted);
  void plan_heartbeat(const WorkflowTaskPointer& task, const CodePointer& code);
  void answer_code(const WorkflowTaskPointer& task, const CodePointer& code, bool heartbeat);
  void remember_code(const WorkflowTaskPointer& task, const Decision& decision);

  // activities
  void take(const wire::PollActivityTaskQueueResponse& response);
  void check_attempt(ActivityRecord& record, const ActivityTask& task);
  void check_heartbeat_details(const ActivityRecord& record, const ActivityTask& task);
  void run(const ActivityTaskPointer& task);
  // True: it is one that signals or cancels its own run, after `delay`.
  bool tells_own_run(const ActivityTaskPointer& task, Duration delay);
  template <class Request, class Response>
  void tell_own_run(const ActivityTaskPointer& task, Operation::Kind kind, int tries);
  void heartbeat(const ActivityTaskPointer& task, int left);
  void answer_completed(const ActivityTaskPointer& task, int tries);
  void answer_failed(const ActivityTaskPointer& task, bool non_retryable, int tries);
  void answer_canceled(const ActivityTaskPointer& task, int tries);
  void accepted(const ActivityTask& task, const Operation& operation, bool failed);
  Attempt* attempt_of(const ActivityTask& task);

  World& world_;
  const Network::Link link_ = world_.network.connect();
  WorkerRecords& records_;
  int index_;
  Random random_;
  int life_ = 1;  // callbacks of an earlier life are ignored
  Timestamp paused_until_;
  std::map<std::string, Events> cache_;  // by run id: events up to the last started event that was completed
  std::map<std::string, CodePointer> code_cache_;  // by run id: whose last task was completed
};

}  // namespace perdure::sim
