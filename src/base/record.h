#pragma once
// The unit of durability. One Transition holds everything that one command changed, in every run it touched;
// a store keeps all of it or nothing (design principle 2). The engine produces these, the runtime numbers
// them, a store writes them; nobody else interprets the bytes inside.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace perdure {

// What is pending in a run. Values are stored: never renumber, never reuse.
enum class ItemKind : std::int32_t {
  kWorkflowTask = 1,      // id 0: a run has at most one
  kActivity = 2,          // id: its scheduled event id
  kTimer = 3,             // id: its started event id
  kRunTimeout = 4,        // id 0
  kExecutionTimeout = 5,  // id 0
  kStartBackoff = 6,      // id 0: first workflow task delayed by a start delay or a continue-as-new backoff
  kSignalRequestIds = 7,  // id: 1, 2, 3 …; dedup of signals. Never due, never queued; kept after the close
  kUpdate = 8,            // id: its accepted event id. Never due, never queued; kept after the close
  kChild = 9,             // id: its initiated event id. Due while it is to be started
  kExternalSignal = 10,   // id: its initiated event id. Due until it is delivered
  kExternalCancel = 11,   // id: its initiated event id. Due until it is delivered
  kReportToParent = 12,   // id 0. Of a closed run: due until its parent knows
  kParentClose = 13,      // id: the child's initiated event id. Of a closed run: due until the child was told
};

struct ItemKey {
  ItemKind kind{};
  std::int64_t id = 0;
  friend auto operator<=>(ItemKey, ItemKey) = default;
};

// One pending thing of one run and, at the same time, its only entry in the due index and in its task queue.
// That there is exactly one of each (invariant T4) is therefore a property of the layout, not of the code.
struct Item {
  ItemKey key;
  // When the engine has to look at this item even if nobody asks: the earliest of its timeouts, its retry or
  // its firing time. None: nothing of it is due by itself.
  std::optional<Timestamp> due_at;
  // Not empty: a task waits to be handed out on this queue (an opaque key, see engine/queue_key.h).
  std::string queue;
  // Order within the queue: the sequence of the transition that made it ready. Filled in by the runtime.
  std::int64_t ready_order = 0;
  // Not 0: an attempt is running in a worker of the engine's own process of this incarnation. It cannot
  // outlive that process, so recovery fails the attempt at once instead of waiting for its timeout.
  std::int64_t holder = 0;
  std::string state;  // serialised perdure.state.v1 message of the kind
};

// Consecutive events appended by one transition.
struct HistoryBatch {
  std::int64_t first_event_id = 0;
  std::int32_t event_count = 0;
  std::string events;  // serialised temporal.api.history.v1.History
};

// What a transition changes in one run.
struct RunWrite {
  ExecutionId execution;
  WorkflowKey key;
  RunId run_id;
  bool create = false;        // the first write of this run
  bool make_current = false;  // from now on the workflow id names this run
  std::string state;          // serialised perdure.state.v1.ExecutionState, without its items
  std::vector<HistoryBatch> append;
  std::vector<Item> upsert;
  std::vector<ItemKey> erase;
};

struct Transition {
  std::int64_t sequence = 0;  // 1, 2, 3 … without a gap over the life of a state directory
  Timestamp now;  // the engine's time of the command; never below that of an earlier transition (T5)
  std::vector<RunWrite> writes;
};

}  // namespace perdure
