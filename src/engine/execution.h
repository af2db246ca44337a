#pragma once
// The mutable state of one run, in memory. The shell owns it, caches it, and passes it to the commands of
// engine.h; outside the engine only the free functions at the end look inside.
//
// Inside the engine: the class keeps the run's state, its pending items and the events of the transition
// under way, and knows which items changed. It decides nothing; the machines do. Not thread-safe.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/record.h"
#include "base/status.h"
#include "base/time.h"
#include "engine/admitted_updates.h"
#include "perdure/state/v1/state.pb.h"

namespace perdure::engine {

namespace state = perdure::state::v1;

// What one pending item holds; the alternative follows from the item's kind.
using Pending =
    std::variant<state::WorkflowTaskState, state::ActivityState, state::TimerState, state::DeadlineState,
                 state::SignalRequestIds, state::ChildState, state::ExternalSignalState,
                 state::ExternalCancelState, state::ReportState, state::ParentCloseState, state::UpdateState>;

// A workflow task that was handed out without being durable: known only here, never stored (ARCHITECTURE.md).
struct VolatileStart {
  std::int64_t started_event_id = 0;
  Timestamp started_time;
  std::string request_id;
  std::string identity;
  std::string build_id;
  std::int64_t history_size_bytes = 0;
  std::vector<int> suggest_reasons;
  std::int64_t incarnation = 0;
  std::int64_t holder = 0;
  bool leaves_sticky_queue = false;  // taken from the normal queue while the run was sticky
};

struct StoredRun {
  ExecutionId execution;
  WorkflowKey key;
  RunId run_id;
  std::string state;
  std::vector<Item> items;  // in key order; ready_order is the store's and is left alone
};

class Execution;

// kDataLoss if the bytes are not a state this version can read (which run, which item).
Result<std::unique_ptr<Execution>> load_execution(const StoredRun& stored);
// Exactly what the store should hold for this run now; equal bytes for equal state (invariant D5).
StoredRun store_execution(const Execution& run);

class Execution {
 public:
  Execution(ExecutionId id, WorkflowKey key, RunId run_id);

  ExecutionId id() const { return id_; }
  const WorkflowKey& key() const { return key_; }
  const RunId& run_id() const { return run_id_; }

  const state::ExecutionState& info() const { return info_; }
  state::ExecutionState& info() { return info_; }
  bool running() const;

  // --- pending items. A pointer stays good until its item is removed or a savepoint is rolled back.
  const Pending* find(ItemKey key) const;
  Pending& add(ItemKey key, Pending pending);  // must not be there
  Pending& change(ItemKey key);                // must be there; marks it as changed
  void remove(ItemKey key);                    // no effect when it is not there
  template <class Visit>                       // visit(ItemKey, const Pending&) in key order
  void for_each(Visit&& visit) const {
    for (const auto& [key, entry] : pending_) {
      visit(key, entry.pending);
    }
  }

  const state::WorkflowTaskState* workflow_task() const;
  state::WorkflowTaskState& change_workflow_task();
  const state::ActivityState* activity(std::int64_t scheduled_event_id) const;
  state::ActivityState& change_activity(std::int64_t scheduled_event_id);
  // 0: no pending activity (timer) of that id.
  std::int64_t find_activity(std::string_view activity_id) const;
  std::int64_t find_timer(std::string_view timer_id) const;
  std::size_t activity_count() const { return activity_ids_.size(); }
  std::size_t count(ItemKind kind) const {
    const auto found = counts_.find(kind);
    return found == counts_.end() ? 0 : found->second;
  }
  bool knows_signal_request(std::string_view request_id) const;
  void add_signal_request(const std::string& request_id);

  // --- the task that is started in memory only
  const VolatileStart* volatile_start() const { return volatile_ ? &*volatile_ : nullptr; }
  void set_volatile_start(std::optional<VolatileStart> start) { volatile_ = std::move(start); }
  // Durably or in memory.
  bool has_started_workflow_task() const;

  // --- the task that is there for updates only, and in memory only: no event of it has an id yet
  bool has_speculative_task() const { return speculative_.has_value(); }
  void set_speculative_task(std::optional<state::WorkflowTaskState> task) { speculative_ = std::move(task); }
  // The start of a speculative task that came to nothing; the next start of one differs from it.
  Timestamp last_discarded_start() const { return last_discarded_start_; }
  void set_last_discarded_start(Timestamp time) { last_discarded_start_ = time; }

  // --- updates
  // Those that are not accepted yet, known here only.
  const AdmittedUpdates& admitted() const { return admitted_; }
  AdmittedUpdates& admitted() { return admitted_; }
  // Of an accepted update, completed or not: its accepted event id. 0: there is none of that id.
  std::int64_t find_update(std::string_view update_id) const;
  const state::UpdateState* update(std::int64_t accepted_event_id) const;
  std::size_t update_count() const { return admitted_.size() + update_ids_.size(); }  // of all that ever were
  std::size_t updates_in_flight() const;
  // The workflow tried to close, and had not seen everything.
  bool close_attempted() const { return close_attempted_; }
  void set_close_attempted(bool attempted) { close_attempted_ = attempted; }

  // --- the transition under way
  // Events that have an id and wait for the commit.
  temporal::api::history::v1::History& new_events() { return new_events_; }
  const temporal::api::history::v1::History& new_events() const { return new_events_; }

  // Everything back to how it was at save(), but for random numbers drawn. At most one at a time.
  void save();
  void roll_back();
  void forget_savepoint();

  // Takes what changed since the last call; then nothing is dirty. `create`/`make_current` are left false.
  // `events`: gets the appended events as they were before they were serialised.
  RunWrite take_changes(temporal::api::history::v1::History* events);
  bool dirty() const;

  // --- storing
  Item make_item(ItemKey key) const;
  std::string serialize_state() const;
  std::size_t approximate_bytes() const;

 private:
  friend Result<std::unique_ptr<Execution>> load_execution(const StoredRun& stored);
  struct Entry {
    Pending pending;
    std::size_t bytes = 0;  // when last written
  };
  struct Savepoint {
    state::ExecutionState info;
    std::map<ItemKey, std::optional<Entry>> before;
    std::map<ItemKey, bool> dirty;
    int new_events = 0;
    std::optional<VolatileStart> volatile_start;
    std::optional<state::WorkflowTaskState> speculative;
    AdmittedUpdates admitted;
  };

  void touch(ItemKey key);
  void index(ItemKey key, const Pending& pending);
  void unindex(ItemKey key, const Pending& pending);

  ExecutionId id_;
  WorkflowKey key_;
  RunId run_id_;
  state::ExecutionState info_;
  std::map<ItemKey, Entry> pending_;
  std::map<std::string, std::int64_t, std::less<>> activity_ids_;  // activity id to scheduled event id
  std::map<std::string, std::int64_t, std::less<>> timer_ids_;     // timer id to started event id
  std::map<ItemKind, std::size_t> counts_;                         // of pending items
  std::map<std::string, std::int64_t, std::less<>> update_ids_;    // update id to accepted event id
  std::set<std::string, std::less<>> signal_requests_;
  std::map<ItemKey, bool> dirty_;  // item to: was stored before this transition
  temporal::api::history::v1::History new_events_;
  std::optional<VolatileStart> volatile_;
  std::optional<state::WorkflowTaskState> speculative_;
  Timestamp last_discarded_start_;
  AdmittedUpdates admitted_;
  bool close_attempted_ = false;
  std::optional<Savepoint> savepoint_;
  std::size_t stored_bytes_ = 0;  // of the items
  std::size_t state_bytes_ = 0;   // of the state, when last written
};

ExecutionId execution_id(const Execution& run);
const WorkflowKey& workflow_key(const Execution& run);
const RunId& run_id(const Execution& run);
bool is_closed(const Execution& run);
std::int64_t next_event_id(const Execution& run);  // of the stored history; volatile events are not counted
// Of the chain of runs that this one belongs to.
const std::string& first_run_id(const Execution& run);
// After a continue-as-new or a retry of the run: the run id that goes on; empty if none.
const std::string& successor_run_id(const Execution& run);
// temporal.api.enums.v1.WorkflowExecutionStatus
int execution_status(const Execution& run);
// By a request with this id; an empty id names none.
bool is_started_by(const Execution& run, std::string_view request_id);
std::size_t approximate_bytes(const Execution& run);
// What only memory knows: dropped, the run would forget it.
bool knows_more_than_store(const Execution& run);
// The queue (queue_key.h) of everyone behind the sticky one on which the run's workflow task waits; empty if
// it does not wait on a sticky queue. Its pollers may start the task.
std::string queue_behind_sticky(const Execution& run);

// What somebody outside may be at work on, for clocks that are moved forward only when nothing is.
struct TasksUnderWay {
  bool workflow_task = false;  // waits for a worker or is with one
  bool activities = false;     // at least one is with a worker
};
TasksUnderWay tasks_under_way(const Execution& run);

}  // namespace perdure::engine
