#pragma once
// What the store must hold: the fold of all transitions whose commit was confirmed, kept apart from the
// store, with the structural invariants checked after every transition (H, W1, H8, T4, T5) and a comparison
// with the real store (D1, D3, D5, T4).
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/record.h"
#include "engine/execution.h"
#include "history_check.h"
#include "report.h"
#include "storage/storage.h"
#include "temporal/api/history/v1/message.pb.h"

namespace perdure::sim {

// What the simulation uses.
inline constexpr const char* kNamespace = "default";

struct StoredEvent {
  temporal::api::history::v1::HistoryEvent event;
  std::uint64_t digest = 0;   // of its serialised bytes
  std::int64_t sequence = 0;  // of the transition that stored it
};

struct MirrorRun {
  MirrorRun(const RunWrite& write, std::int64_t sequence, bool orphans, bool hostile_workers, Report& report)
      : execution(write.execution),
        key(write.key),
        run_id(write.run_id),
        created(sequence),
        check(write.key.workflow_id.value + "/" + write.run_id.value, orphans, hostile_workers, report) {}

  ExecutionId execution;
  WorkflowKey key;
  RunId run_id;
  std::int64_t created;     // sequence of its first transition
  Timestamp created_at;     // its time
  std::int64_t closed = 0;  // sequence of the transition that closed it; 0: open
  std::string state;
  std::map<ItemKey, Item> items;
  std::vector<HistoryBatch> batches;
  std::vector<StoredEvent> events;
  HistoryCheck check;
};

// What a workflow id names from one transition on.
struct Snapshot {
  std::int64_t sequence = 0;
  Timestamp now;
  const MirrorRun* run = nullptr;
  int status = 0;  // enums.WorkflowExecutionStatus
};

class Mirror {
 public:
  // `hostile_workers`: they may answer anything, see HistoryCheck.
  Mirror(bool orphans, Report& report, bool hostile_workers = false)
      : orphans_(orphans), hostile_workers_(hostile_workers), report_(report) {}

  void apply(const Transition& transition);
  // Everything that the store answers must equal this. `when` names the occasion in messages.
  void compare(storage::Storage& store, const char* when);

  // The execution in memory is what was committed (D5).
  void compare_execution(const engine::Execution& execution, const char* when);
  // As compare(), for a store that was damaged: every answer is right, or an error (D6).
  void check_damaged(storage::Storage& store, const std::string& damage);

  std::int64_t last_sequence() const { return last_sequence_; }
  Timestamp last_time() const { return last_time_; }
  // Engine time of a transition, 1 … last_sequence().
  Timestamp time_of(std::int64_t sequence) const { return times_[static_cast<std::size_t>(sequence)]; }
  const std::map<std::int64_t, std::unique_ptr<MirrorRun>>& runs() const { return runs_; }
  const MirrorRun* find_run(const std::string& run_id) const;
  const MirrorRun* current(const std::string& workflow_id) const;
  const std::vector<Snapshot>& timeline(const std::string& workflow_id) const;
  // Sequences of the transitions that changed `item` of the run, oldest first.
  const std::vector<std::int64_t>& touches(const std::string& run_id, ItemKey item) const;

 private:
  void apply_write(const RunWrite& write, const Transition& transition);
  void append_events(MirrorRun& run, const RunWrite& write, const Transition& transition);
  void check_items(const MirrorRun& run);
  void check_item_of_timers(const MirrorRun& run, bool may_be_buffered);
  void check_item_of_activities(const MirrorRun& run, bool may_be_buffered);
  void check_run_timeouts(const MirrorRun& run);
  void check_chains(const Transition& transition);
  void compare_run(storage::Storage& store, const MirrorRun& run, const char* when);
  void compare_history(storage::Storage& store, const MirrorRun& run, const char* when);
  void compare_indexes(storage::Storage& store, const char* when);

  bool orphans_;  // the worker may die with the process
  bool hostile_workers_;
  Report& report_;
  std::int64_t last_sequence_ = 0;
  Timestamp last_time_;
  std::vector<Timestamp> times_{Timestamp{}};
  std::map<std::int64_t, std::unique_ptr<MirrorRun>> runs_;  // by ExecutionId
  std::map<std::string, MirrorRun*> by_run_id_;
  std::map<WorkflowKey, MirrorRun*> current_;
  std::map<std::string, std::vector<Snapshot>> timelines_;
  std::map<std::pair<std::string, ItemKey>, std::vector<std::int64_t>> touches_;
};

}  // namespace perdure::sim
