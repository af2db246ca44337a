#pragma once
// What the frontend asks of the engine's shell. Stepping thread only: an Instance passes the Service to every
// posted command. Each call takes a reply, called exactly once, on the stepping thread, and not before
// everything that the answer depends on is durable. After a fatal error every call answers kUnavailable.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/random.h"
#include "base/status.h"
#include "base/time.h"
#include "engine/engine.h"
#include "engine/execution.h"
#include "runtime/queries.h"
#include "runtime/updates.h"

namespace perdure::runtime {

class Loop;

template <class T>
using Reply = std::function<void(Result<T>)>;

// Names a run: by the store's number (from a token), or by workflow id and, optionally, run id.
struct RunTarget {
  ExecutionId execution;  // not 0: this run, and `run_id` must agree
  WorkflowKey key;
  RunId run_id;  // empty: the current run of the workflow id
};

// A long poll on a task queue. It waits at most `max_wait`, then answers nothing.
struct Poll {
  std::uint64_t id = 0;  // unique among the waiting calls; for cancel()
  std::string queue;     // engine/queue_key.h
  engine::PollerInfo poller;
  std::string worker_instance_key;
  Duration max_wait{};
  std::optional<double> tasks_per_second{};  // of the whole queue, from now on; none: no limit
};

// A started workflow task; `start->response` has the first page of its history. (A pointer, because moving a
// response is not cheap.)
struct WorkflowTaskHandOut {
  ExecutionId execution;
  std::shared_ptr<engine::WorkflowTaskStart> start;
  // Not 0: the history goes on with this event; `start->unstored_events` are still to be appended after the
  // last page.
  std::int64_t history_continues_at = 0;
  std::optional<QueryTaskRef> query;  // not a workflow task: only this query is to be answered
};

struct StartAnswer {
  engine::StartReply reply;
  std::string first_run_id;
  int status = 0;  // temporal.api.enums.v1.WorkflowExecutionStatus of the run that answered
  std::optional<WorkflowTaskHandOut> eager_task{};
};

struct ActivityTaskHandOut {
  ExecutionId execution;
  std::shared_ptr<engine::ActivityTaskStart> start;
};

struct WorkflowTaskAnswer {
  ExecutionId execution;
  RunId run_id;
  std::vector<engine::ActivityTaskStart> eager;
  std::optional<WorkflowTaskHandOut> next;
  std::int64_t reset_history_event_id = 0;
};

// Reads the history of one run, forwards.
struct HistoryQuery {
  std::uint64_t id = 0;  // for cancel()
  RunTarget target;
  std::int64_t from = 1;  // the first event wanted
  // The event after the last one that the reader may see; 0: all there are. A reader that has seen everything
  // up to `end` and waits for more passes from == end.
  std::int64_t end = 0;
  bool close_event_only = false;
  bool wait = false;  // for an event at or after `from`, or (close_event_only) for the end of the run
  Duration max_wait{};
  int max_events = 0;
};

struct HistoryAnswer {
  ExecutionId execution;
  RunId run_id;
  temporal::api::history::v1::History history;
  std::int64_t next = 0;  // the first event after those returned
  std::int64_t end = 0;   // the event after the last one of the run when it was read, or the query's end
  bool running = false;
};

// One page of the history of one run, newest event first.
struct ReverseHistoryQuery {
  RunTarget target;
  std::int64_t before = 0;  // return events below this one; 0: from the last one
  int max_events = 0;
};

struct QueryCall {
  std::uint64_t id = 0;  // unique among the waiting calls; for cancel()
  RunTarget target;
  temporal::api::query::v1::WorkflowQuery query;
  temporal::api::enums::v1::QueryRejectCondition reject_condition{};
  Duration max_wait{};
};

// Waits at most `max_wait`, then answers with the stage that was reached.
struct UpdateCall {
  std::uint64_t id = 0;  // unique among the waiting calls; for cancel()
  RunTarget target;
  engine::UpdateStage stage{};
  Duration max_wait{};
  // Null: only asks for what became of the update.
  std::shared_ptr<const engine::wire::UpdateWorkflowExecutionRequest> request;
  std::string update_id;
};

// Either operation may fail; what was not tried because of the other one is `aborted`.
struct StartAndUpdateAnswer {
  Status start_status;
  Status update_status;
  bool start_aborted = false;
  bool update_aborted = false;
  StartAnswer start;
  UpdateAnswer update;
};

class Service {
 public:
  explicit Service(Loop& loop) : loop_(loop) {}

  Timestamp now() const;
  Random& random();
  std::int64_t incarnation() const;

  // Runs one engine command on one run and commits what it did.
  template <class T>
  void on_run(const RunTarget& target,
              std::function<Result<T>(engine::Outcome&, engine::Execution&, const engine::Context&)> command,
              Reply<T> reply) {
    auto result = std::make_shared<std::optional<Result<T>>>();
    execute(
        target,
        [result, command = std::move(command)](engine::Outcome& out, engine::Execution& run,
                                               const engine::Context& context) {
          result->emplace(command(out, run, context));
        },
        [result, reply = std::move(reply)](const Status& status) {
          reply(status.ok() ? std::move(**result) : Result<T>(status));
        });
  }

  // The requests live until the reply is called.
  // `eager_worker` is given the first workflow task with the answer, if that can be.
  void start_workflow(const engine::wire::StartWorkflowExecutionRequest& request, Reply<StartAnswer> reply,
                      std::optional<engine::PollerInfo> eager_worker = std::nullopt);
  void signal_with_start_workflow(const engine::wire::StartWorkflowExecutionRequest& start,
                                  const engine::wire::SignalWorkflowExecutionRequest& signal,
                                  Reply<StartAnswer> reply);
  void complete_workflow_task(const RunTarget& target, const engine::WorkflowTaskRef& task,
                              std::shared_ptr<engine::wire::RespondWorkflowTaskCompletedRequest> request,
                              engine::PollerInfo worker, Reply<WorkflowTaskAnswer> reply);

  // The request lives until the reply is called.
  void reset_workflow(const RunTarget& target, const engine::wire::ResetWorkflowExecutionRequest& request,
                      Reply<engine::wire::ResetWorkflowExecutionResponse> reply);

  // nullopt: nothing came in time.
  void poll_workflow_task(Poll poll, Reply<std::optional<WorkflowTaskHandOut>> reply);
  void poll_activity_task(Poll poll, Reply<std::optional<ActivityTaskHandOut>> reply);

  void read_history(HistoryQuery query, Reply<HistoryAnswer> reply);
  void read_history_reverse(const ReverseHistoryQuery& query, Reply<HistoryAnswer> reply);

  // Asks a worker. kDeadlineExceeded: none answered in time.
  void query_workflow(QueryCall call, Reply<engine::wire::QueryWorkflowResponse> reply);
  // kNotFound: nobody waits for it (any longer).
  Status answer_query_task(const QueryTaskRef& task,
                           const engine::wire::RespondQueryTaskCompletedRequest& request);

  // kUnavailable: this process lost the update before it was durable; it may be tried again.
  void update_workflow(UpdateCall call, Reply<UpdateAnswer> reply);
  // Starts the workflow, unless a run of it may take the update. One transition.
  void start_and_update(std::shared_ptr<const engine::wire::StartWorkflowExecutionRequest> request,
                        UpdateCall call, std::function<void(StartAndUpdateAnswer)> reply);

  // Keeps a record of the service itself, see Storage::put_record(); durable when this returns OK.
  Status put_record(const std::string& key, const std::string& value);

  // Answers a waiting poll or history query with kCancelled; no effect on a call that does not wait.
  void cancel(std::uint64_t id);
  // Answers the polls of a worker that shuts down with nothing: those on `sticky_queue` (a queue key, or
  // empty) and those with its instance key (unless empty).
  void release_polls(const std::string& sticky_queue, const std::string& worker_instance_key);

 private:
  using Body = std::function<void(engine::Outcome&, engine::Execution&, const engine::Context&)>;
  using Finish = std::function<void(const Status&)>;
  void execute(const RunTarget& target, Body body, Finish finish);

  Loop& loop_;
};

}  // namespace perdure::runtime
