#pragma once
// What the runtime needs of a store. Implementations: sqlite/ (a state directory), later PostgreSQL. A store
// keeps Transitions atomically and in order, and answers from what it has kept; it interprets no state bytes.
//
// Thread-safety: one thread at a time, the one that commits. Every read sees every committed transition.
// Errors: kDataLoss for damage that was found (message: what, where, and what to do), kResourceExhausted for
// a full disk (nothing of the batch was kept; the store goes on), kUnavailable for anything after which no
// further write can be trusted (the caller must stop acknowledging and end the process).
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/record.h"
#include "base/status.h"
#include "base/time.h"

namespace perdure::storage {

// What a store knows about itself when it is opened.
struct StoreInfo {
  std::int64_t last_sequence = 0;  // of the last durable transition; 0: none yet
  Timestamp last_time;             // of the last durable transition
  std::int64_t incarnation = 0;    // how often the store was opened for writing, this time included, durable
  std::int64_t next_execution_id = 1;  // the smallest ExecutionId not used yet
  std::string token_key;  // 32 secret random bytes, made with the store, for authenticating tokens
  std::map<std::string, std::string> records;  // what put_record() keeps, by key
};

struct LoadedRun {
  ExecutionId execution;
  WorkflowKey key;
  RunId run_id;
  std::string state;
  std::vector<Item> items;
};

struct HistoryPage {
  std::vector<HistoryBatch> batches;  // in order, the first one contains the asked event
  bool more = false;
};

struct DueItem {
  ExecutionId execution;
  ItemKey key;
  Timestamp due_at;
};

struct QueuedItem {
  ExecutionId execution;
  ItemKey key;
  std::int64_t ready_order = 0;
};

struct RunSummary {
  ExecutionId execution;
  WorkflowKey key;
  RunId run_id;
  bool current = false;
  std::string state;
  std::int64_t history_events = 0;
  std::int64_t pending_items = 0;
};

class Storage {
 public:
  virtual ~Storage() = default;

  virtual const StoreInfo& info() const = 0;

  // Keeps all transitions in one durable step, then calls `done` with OK; or keeps none and says why. `done`
  // may run before commit() returns, on the same thread (SQLite), or later on another (a cluster's store); at
  // most one commit is under way at a time. An outcome of kUnavailable means "unknown": some prefix may be
  // durable.
  virtual void commit(std::vector<Transition> transitions, std::function<void(Status)> done) = 0;

  // Keeps `value` under `key`, in place of what was there: a few records of the service itself, such as
  // namespaces. On return with OK it is durable and in info(). Errors as commit(). Not while a commit is
  // under way.
  virtual Status put_record(const std::string& key, const std::string& value) = 0;

  virtual Result<std::optional<ExecutionId>> find_current(const WorkflowKey& key) = 0;
  virtual Result<std::optional<ExecutionId>> find_run(const WorkflowKey& key, const RunId& run_id) = 0;
  virtual Result<std::optional<LoadedRun>> load(ExecutionId execution) = 0;

  // Batches from the one that contains `first_event_id`, until `max_events` or `max_bytes` is reached (at
  // least one).
  virtual Result<HistoryPage> read_history(ExecutionId execution, std::int64_t first_event_id, int max_events,
                                           std::size_t max_bytes) = 0;

  // The earliest due_at of all items; none: nothing is due by itself.
  virtual Result<std::optional<Timestamp>> next_due() = 0;
  // Items with due_at <= `now`, earliest first, at most `limit`.
  virtual Result<std::vector<DueItem>> read_due(Timestamp now, int limit) = 0;
  // Tasks waiting on `queue` after (`after_order`, `after_execution`, `after_key`), in order, at most
  // `limit`. Pass zeros for the beginning.
  virtual Result<std::vector<QueuedItem>> read_queue(const std::string& queue, const QueuedItem& after,
                                                     int limit) = 0;
  // Items whose holder is neither 0 nor `incarnation`: their process is gone.
  virtual Result<std::vector<DueItem>> read_orphans(std::int64_t incarnation, int limit) = 0;
  // All runs in ExecutionId order after `after`, at most `limit`. For listing and checking, not for serving.
  virtual Result<std::vector<RunSummary>> list_runs(ExecutionId after, int limit) = 0;

  // Checkpoints, names the last commit in the mark file, and closes. No call may follow.
  virtual Status close() = 0;
};

}  // namespace perdure::storage
