#pragma once
// The executions that are in memory, loaded on demand and forgotten longest-unused first. An entry that has
// changes which are not durable, or a task that is started in memory only, is never forgotten.
#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/ids.h"
#include "base/status.h"
#include "base/time.h"
#include "engine/execution.h"
#include "runtime/service.h"
#include "storage/storage.h"

namespace perdure::runtime {

struct CachedRun {
  std::unique_ptr<engine::Execution> run;
  ExecutionId execution;
  bool dirty = false;   // has changes that are not durable
  bool broken = false;  // a command threw: not to be used, dropped after the round's commit
  std::optional<Timestamp> volatile_deadline;  // of a workflow task started in memory only
  std::size_t bytes = 0;
  std::list<ExecutionId>::iterator recency;
};

class RunCache {
 public:
  // `storage` outlives the cache. `limit` in bytes, by the engine's estimate.
  RunCache(storage::Storage& storage, std::size_t limit) : storage_(storage), limit_(limit) {}

  // kNotFound with the name of what was looked for if there is no such run. The pointer is valid until drop()
  // or evict().
  Result<CachedRun*> find(const RunTarget& target);
  Result<CachedRun*> get(ExecutionId execution);
  // The current run of a workflow id, or null.
  Result<CachedRun*> find_current(const WorkflowKey& key);

  CachedRun& insert(std::unique_ptr<engine::Execution> run);
  void make_current(const WorkflowKey& key, ExecutionId execution);
  void drop(ExecutionId execution);
  // To be called after `entry` has changed.
  void measure(CachedRun& entry);
  // Forgets entries until the rest fits. Not while a pointer is held.
  void evict();

  std::size_t size() const { return entries_.size(); }
  // Entries that are as the store has them, last used first.
  void visit_settled(const std::function<void(const engine::Execution&)>& visit) const;

 private:
  CachedRun* cached(ExecutionId execution);

  storage::Storage& storage_;
  std::size_t limit_;
  std::size_t bytes_ = 0;
  std::unordered_map<std::int64_t, CachedRun> entries_;
  std::unordered_map<std::string, ExecutionId> by_run_id_;  // of cached runs
  std::map<WorkflowKey, ExecutionId> current_;              // of cached runs only
  std::list<ExecutionId> recency_;                          // last used first
};

}  // namespace perdure::runtime
