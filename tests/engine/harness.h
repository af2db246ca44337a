#pragma once
// A world for the engine alone: a clock that the test moves, a store that keeps what the Outcomes say, and
// every Execution in memory. After each command it checks that
//   - the store holds exactly what store_execution() gives, and loading that gives the same bytes (D5),
//   - histories are well formed (H1 to H5) and every closed run has nothing pending,
//   - a task is announced as ready exactly when it began to wait on its queue.
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/status.h"
#include "base/time.h"
#include "engine/engine.h"
#include "engine/execution.h"
#include "engine/names.h"

namespace perdure::engine::testing {

inline constexpr Timestamp kStart{1'700'000'000'000'000'000};

struct KeptRun {
  ExecutionId id;
  WorkflowKey key;
  RunId run_id;
  std::string state;
  std::map<ItemKey, Item> items;
  std::vector<history::HistoryEvent> events;
};

// Where a worker polls and who it is.
struct Worker {
  std::string identity = "worker";
  std::string queue = "q";
  bool sticky = false;
  bool in_process = false;
};

class World {
 public:
  explicit World(std::uint64_t seed = 1) : random_(seed) {}

  Timestamp now() const { return now_; }
  Context context();

  // Runs one command and keeps what it did. A Result's error stays with the caller.
  void run(const std::function<void(Outcome&)>& command);

  Result<StartReply> start(const wire::StartWorkflowExecutionRequest& request);
  // Of the `number`th run of the workflow id, 1, 2, …; 0: of its current one.
  Result<wire::ResetWorkflowExecutionResponse> reset(const std::string& workflow_id, int number,
                                                     const wire::ResetWorkflowExecutionRequest& request);
  // The first task that waits on the queue; none: an empty queue.
  std::optional<Result<WorkflowTaskStart>> poll_workflow(const Worker& worker,
                                                         std::string* workflow_id = nullptr);
  std::optional<Result<ActivityTaskStart>> poll_activity(const Worker& worker,
                                                         std::string* workflow_id = nullptr);

  // Moves the clock to each due time up to `duration` ahead and does what is due then.
  void advance(Duration duration);
  // Everything in memory is lost; another process opens the store. Orphans are failed at once.
  void crash();

  // While held, what runs send to other runs waits to be due (as after a crash); else it is delivered at
  // once.
  void hold_outbox(bool hold) { outbox_is_held_ = hold; }

  // The current run of a workflow id.
  Execution& execution(const std::string& workflow_id);
  const KeptRun& kept(const std::string& workflow_id) const;
  const KeptRun& kept(ExecutionId id) const { return store_.at(id); }
  const std::map<ExecutionId, KeptRun>& runs() const { return store_; }
  bool knows(const std::string& workflow_id) const;

  // Events and ready tasks since the last call, as lines (transcripts).
  std::vector<std::pair<ExecutionId, history::HistoryEvent>> take_new_events();
  std::vector<ReadyTask> take_ready() { return std::exchange(ready_, {}); }

 private:
  void keep(const RunWrite& write);
  void deliver_item(ExecutionId source, ItemKey item);
  Execution* find(const WorkflowKey& key, const RunId& run_id);
  void check_ready(const Outcome& out) const;
  void check_run(ExecutionId id);
  std::optional<std::pair<ExecutionId, ItemKey>> first_waiting(const std::string& queue) const;
  std::optional<std::pair<ExecutionId, ItemKey>> next_due(Timestamp limit, Timestamp* time) const;

  Random random_;
  Timestamp now_ = kStart;
  std::int64_t incarnation_ = 1;
  std::int64_t sequence_ = 0;
  std::int64_t executions_ = 0;
  std::int64_t polls_ = 0;
  std::map<ExecutionId, KeptRun> store_;
  std::map<std::string, ExecutionId> current_;
  std::map<ExecutionId, std::unique_ptr<Execution>> live_;
  std::vector<std::pair<ExecutionId, history::HistoryEvent>> new_events_;
  std::vector<ReadyTask> ready_;
  bool outbox_is_held_ = false;
};

// --- building requests
// -----------------------------------------------------------------------------------------------

google::protobuf::Duration seconds(double value);
common::Payloads text(const std::string& value);
wire::StartWorkflowExecutionRequest start_request(const std::string& workflow_id);

command::Command schedule_activity(const std::string& id);  // start-to-close 10 s
command::Command start_timer(const std::string& id, double after_seconds);
command::Command complete_workflow(const std::string& result = "done");

// --- short cuts for unit tests; each fails the test if the engine refuses
// -----------------------------------------------

WorkflowTaskStart take_workflow_task(World& world, const Worker& worker = {});
WorkflowTaskCompletion complete_task(World& world, const std::string& workflow_id,
                                     const WorkflowTaskRef& task,
                                     const std::vector<command::Command>& commands);
ActivityTaskStart take_activity(World& world, const Worker& worker = {});
Status signal(World& world, const std::string& workflow_id, const std::string& request_id);
// The types of a run's events, e.g. "WorkflowExecutionStarted WorkflowTaskScheduled".
std::string event_types(const KeptRun& run);
// The last event of that type; a failed check if there is none.
const history::HistoryEvent& last_event(const KeptRun& run, enums::EventType type);

}  // namespace perdure::engine::testing
