#pragma once
// The rounds of an Instance: commands, due items and matches change executions in memory; one commit makes
// all of it durable; then what was waiting for that is released. See instance.h for the order. Stepping
// thread only.
//
// A round's changes are in memory before they are durable. Everything computed from a changed (dirty) run
// waits in Round::finishes until the commit; a run that is not dirty is exactly as the store has it, so
// answers about it need no waiting.
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "matching/matching.h"
#include "runtime/due_items.h"
#include "runtime/history_cache.h"
#include "runtime/instance.h"
#include "runtime/mailbox.h"
#include "runtime/queries.h"
#include "runtime/run_cache.h"
#include "runtime/service.h"
#include "runtime/updates.h"

namespace perdure::runtime {

// With a clock that skips: so long does a task wait for a worker that has just polled for others.
inline constexpr std::chrono::seconds kWorkerComesBack{1};

class Loop {
 public:
  using Body = std::function<void(engine::Outcome&, engine::Execution&, const engine::Context&)>;
  // Gets OK when what it reports is durable, or why it never will be.
  using Finish = std::function<void(const Status&)>;

  Loop(std::unique_ptr<storage::Storage> storage, Clock& clock, InstanceOptions options, Mailbox& mailbox);
  ~Loop();

  void step(Service& service);
  std::optional<Timestamp> wake_at() const;
  Status stop(Service& service);
  void abandon();
  InstanceStats stats() const;
  storage::Storage& storage() { return *storage_; }
  void visit_cached(const std::function<void(const engine::Execution&)>& visit) const {
    runs_.visit_settled(visit);
  }

  // What Service offers; see there.
  Timestamp now() const { return now_; }
  Random& random() { return random_; }
  std::int64_t incarnation() const { return incarnation_; }
  void execute(const RunTarget& target, Body body, Finish finish);
  using StartBody =
      std::function<Result<engine::StartReply>(engine::Outcome&, engine::Execution*, const engine::Context&)>;
  void start_on_current(const WorkflowKey& key, StartBody body, Reply<StartAnswer> reply);
  void poll_workflow_task(Poll poll, Reply<std::optional<WorkflowTaskHandOut>> reply);
  void poll_activity_task(Poll poll, Reply<std::optional<ActivityTaskHandOut>> reply);
  void reset_workflow(const RunTarget& target, const engine::wire::ResetWorkflowExecutionRequest& request,
                      Reply<engine::wire::ResetWorkflowExecutionResponse> reply);
  void read_history(HistoryQuery query, Reply<HistoryAnswer> reply);
  void read_history_reverse(const ReverseHistoryQuery& query, Reply<HistoryAnswer> reply);
  void query_workflow(QueryCall call, Reply<engine::wire::QueryWorkflowResponse> reply);
  Status answer_query_task(const QueryTaskRef& task,
                           const engine::wire::RespondQueryTaskCompletedRequest& request);
  // What a completed workflow task says about the queries that it carried.
  void answer_buffered_queries(ExecutionId execution,
                               const engine::wire::RespondWorkflowTaskCompletedRequest& request);
  // Puts the queries that wait for a workflow task of the run into `task`.
  void attach_queries(ExecutionId execution, engine::wire::PollWorkflowTaskQueueResponse* task) const;
  // Asks what is buffered directly if it need not wait for a workflow task (any longer).
  void unblock_queries(ExecutionId execution);
  void update_workflow(UpdateCall call, Reply<UpdateAnswer> reply);
  void start_and_update(std::shared_ptr<const engine::wire::StartWorkflowExecutionRequest> request,
                        UpdateCall call, std::function<void(StartAndUpdateAnswer)> reply, bool again);
  Status put_record(const std::string& key, const std::string& value);
  void cancel(std::uint64_t id);
  void release_polls(const std::string& sticky_queue, const std::string& worker_instance_key);
  // Puts the first page of history into a started task. Its run must not be dirty.
  Result<WorkflowTaskHandOut> with_history(ExecutionId execution,
                                           std::shared_ptr<engine::WorkflowTaskStart> start);

 private:
  struct Round {
    std::vector<Transition> transitions;
    std::set<ExecutionId> touched;
    std::vector<Finish> finishes;
    std::vector<std::pair<ExecutionId, HistoryBatch>> appended;
    std::vector<engine::WrittenEvents> events;  // the same, parsed
    std::size_t bytes = 0;
  };
  struct WaitingPoll {
    Poll poll;
    Timestamp deadline;                                        // as patience_time()
    Reply<std::optional<WorkflowTaskHandOut>> workflow_reply;  // one of the two
    Reply<std::optional<ActivityTaskHandOut>> activity_reply;
    void answer(const Status& status) const;  // OK: with nothing
  };
  struct WaitingHistory {
    HistoryQuery query;
    ExecutionId execution;
    Timestamp deadline;  // as patience_time()
    Reply<HistoryAnswer> reply;
  };
  // Where an asynchronous commit reports to; outlives the loop if it has to.
  struct CommitReport {
    std::mutex mutex;
    std::optional<Status> outcome;
    std::function<void()> wake;
  };

  // loop.cc: the round
  bool run_round(Service& service);
  bool run_commands(Service& service);
  void start_commit();
  void finish_round(const Status& outcome);
  void release(const Status& outcome);
  void round_was_refused(const Status& why);
  void die(const Status& why);
  void flush_waiting(const Status& why, const Status& poll_answer);
  void answer_mailbox(Service& service);

  // loop_runs.cc: changing runs
  engine::Context context();
  bool apply(engine::Outcome outcome);
  void refresh(CachedRun& entry);
  Status guarded(ExecutionId execution, const std::function<void()>& command);
  Status command_threw(ExecutionId execution, const std::string& what);
  Status usable(ExecutionId execution) const;
  Result<StartAnswer> describe_start(engine::StartReply reply);
  void drop_broken_runs();
  void drop_run(ExecutionId execution);
  void reoffer(ExecutionId execution);
  void settle(bool wait, Finish finish);
  void note_read_failure(const Status& status);

  // loop_time.cc: what time brings about
  bool fire_due();
  bool fire_volatile_deadlines();
  bool fire(ExecutionId execution, ItemKey item,
            void (*command)(engine::Outcome&, engine::Execution&, ItemKey, const engine::Context&));
  bool recover_orphans();
  bool expire_waiting();
  // The time by which callers wait: it does not skip.
  Timestamp patience_time() const { return now_ - clock_.skipped(); }
  void note_tasks_under_way(const CachedRun& entry);
  bool rest();
  bool worker_may_come_back();

  // loop_outbox.cc: what runs send to other runs
  void add_to_outbox(const RunWrite& write);
  bool deliver_outbox();
  bool deliver(ExecutionId source, ItemKey item);
  Result<CachedRun*> find_target(const RunTarget& target);
  std::optional<RunId> deliver_to(CachedRun& source, ItemKey item, CachedRun* target, bool* wrote);

  // loop_reset.cc
  Status read_for_reset(ExecutionId execution, std::int64_t end, engine::ResetHistory* histories);
  Result<bool> read_continuations(const WorkflowKey& key, engine::ResetHistory* histories);
  void commit_reset(CachedRun& base, CachedRun& current, engine::ResetHistory histories,
                    const engine::wire::ResetWorkflowExecutionRequest& request,
                    Reply<engine::wire::ResetWorkflowExecutionResponse> reply);

  // loop_tasks.cc: queues and pollers
  void add_poll(WaitingPoll waiting);
  void offer(std::string queue, const matching::WaitingTask& task);
  bool sticky_worker_lives(const std::string& queue) const;
  void note_sticky_poll(const std::string& queue);
  bool read_pages();
  bool dispatch();
  void hand_out(const matching::Match& match);
  // Workflow tasks that are in memory only; matching knows what is in the store.
  void offer_speculative(const engine::ReadyTask& task);
  void forget_speculative(ExecutionId execution);
  bool dispatch_speculative();
  bool start_task(CachedRun& entry, ItemKey item, std::uint64_t poll_id);
  bool start_workflow_task(CachedRun& entry, std::uint64_t poll_id);
  bool start_activity(CachedRun& entry, ItemKey item, std::uint64_t poll_id);
  WaitingPoll take_poll(std::uint64_t id);

  // loop_history.cc
  void serve_history(HistoryQuery query, const Reply<HistoryAnswer>& reply, bool may_wait);
  void wake_history(ExecutionId execution);
  WaitingHistory take_history_wait(std::uint64_t id);

  // loop_queries.cc
  void ask_directly(WaitingQuery& query);
  void ask_on_normal_queue(WaitingQuery& query);
  void put_on_queue(WaitingQuery& query, const std::string& task_queue, Timestamp alarm);
  void take_off_queue(const WaitingQuery& query);
  bool dispatch_queries();
  void hand_out_query(std::uint64_t id, std::uint64_t poll_id);
  Result<WorkflowTaskHandOut> query_task(const WaitingQuery& query);
  void query_alarm(std::uint64_t id);
  bool asks_worker() const;
  void set_alarm(WaitingQuery& query, Timestamp alarm);
  WaitingQuery take_query(std::uint64_t id);
  void finish_query(std::uint64_t id, Result<engine::wire::QueryWorkflowResponse> answer);
  bool is_waiting(std::uint64_t id) const;  // a call of any kind

  // loop_updates.cc
  void await_update(CachedRun& entry, const UpdateCall& call, Reply<UpdateAnswer> reply);
  void look_at_update(std::uint64_t id);
  void answer_update(std::uint64_t id, engine::UpdateStage stage,
                     std::optional<temporal::api::update::v1::Outcome> outcome);
  Result<temporal::api::update::v1::Outcome> read_outcome(ExecutionId execution, std::int64_t event_id);
  void pass_on(std::vector<engine::UpdateNews> news);
  void tell(const engine::UpdateNews& news);
  void update_wait_ends(std::uint64_t id);
  void abort_update_waits(ExecutionId execution);
  WaitingUpdate take_update(std::uint64_t id);
  Status admit(CachedRun& entry, const UpdateCall& call);

  std::unique_ptr<storage::Storage> storage_;
  Clock& clock_;
  InstanceOptions options_;
  Mailbox& mailbox_;
  Random random_;
  std::int64_t incarnation_;
  std::int64_t next_execution_id_;
  std::int64_t committed_sequence_;
  std::int64_t sequence_;  // of the last transition, committed or not
  Timestamp last_time_;    // of the last committed transition
  Timestamp now_;          // of this round

  RunCache runs_;
  HistoryCache histories_;
  DueItems due_;
  matching::Matching matching_;
  Round round_;
  std::vector<Finish> spare_finishes_;
  std::vector<std::pair<std::string, matching::WaitingTask>> offers_;
  std::vector<Mailbox::Command> commands_;  // of this round
  std::vector<Mailbox::Command> deferred_;  // for the next round
  // What this process has committed or is about to, and not delivered yet; the due index holds all of it.
  std::deque<std::pair<ExecutionId, ItemKey>> outbox_;
  std::vector<ExecutionId> broken_;     // to be dropped at the end of the round
  std::map<ExecutionId, int> strikes_;  // commands of a run that threw in a row
  std::set<std::pair<Timestamp, ExecutionId>> volatile_deadlines_;
  std::map<std::uint64_t, WaitingPoll> polls_;
  std::map<std::string, Timestamp> sticky_polls_;  // sticky queue: when it was last polled
  // With a clock that skips: activity queues lately polled, and runs (engine::TasksUnderWay).
  std::map<std::string, Timestamp> activity_polls_;
  std::set<ExecutionId> workflow_task_under_way_;
  std::set<ExecutionId> activities_under_way_;
  std::map<std::uint64_t, WaitingHistory> history_waits_;
  std::map<ExecutionId, std::set<std::uint64_t>> history_waits_of_;
  std::map<std::uint64_t, WaitingQuery> queries_;
  std::map<ExecutionId, std::set<std::uint64_t>> buffered_queries_;
  std::map<std::string, std::set<std::uint64_t>> query_queues_;  // queue key to queries that wait there
  std::map<std::uint64_t, WaitingUpdate> updates_;
  std::map<ExecutionId, std::set<std::uint64_t>> updates_of_;
  std::map<std::string, std::set<ExecutionId>> speculative_on_;            // queue key to runs
  std::map<ExecutionId, std::vector<std::string>> speculative_queues_of_;  // the same, by run
  bool queries_to_dispatch_ = false;                              // some came after the last dispatch
  std::set<std::pair<Timestamp, std::uint64_t>> wait_deadlines_;  // as patience_time()

  bool recovering_ = true;
  std::set<std::pair<ExecutionId, ItemKey>> hopeless_orphans_;  // looking at them changed nothing
  std::optional<Timestamp> refused_until_;                      // the store was full
  int refusals_ = 0;
  std::shared_ptr<CommitReport> commit_;  // under way
  bool ended_ = false;
  InstanceStats stats_;
};

}  // namespace perdure::runtime
