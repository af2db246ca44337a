#include "runtime/run_cache.h"

#include <fmt/format.h>

#include <utility>

#include "base/check.h"

namespace perdure::runtime {
namespace {

// The texts are Temporal's.
Status no_current_run(const WorkflowKey& key) {
  return not_found(fmt::format("workflow not found for ID: {}", key.workflow_id.value));
}
Status no_such_run(const RunTarget& target) {
  if (target.execution.value != 0) {
    return not_found("workflow execution not found");
  }
  return not_found(fmt::format("workflow execution not found for workflow ID \"{}\" and run ID \"{}\"",
                               target.key.workflow_id.value, target.run_id.value));
}

}  // namespace

CachedRun* RunCache::cached(ExecutionId execution) {
  auto found = entries_.find(execution.value);
  if (found == entries_.end()) {
    return nullptr;
  }
  recency_.splice(recency_.begin(), recency_, found->second.recency);
  return &found->second;
}

Result<CachedRun*> RunCache::get(ExecutionId execution) {
  if (CachedRun* entry = cached(execution)) {
    return entry;
  }
  auto loaded = storage_.load(execution);
  if (!loaded.ok()) {
    return loaded.status();
  }
  if (!loaded->has_value()) {
    return not_found("workflow execution not found");
  }
  storage::LoadedRun& stored = **loaded;
  auto run = engine::load_execution({stored.execution, std::move(stored.key), std::move(stored.run_id),
                                     std::move(stored.state), std::move(stored.items)});
  if (!run.ok()) {
    return run.status();
  }
  return &insert(std::move(run).value());
}

Result<CachedRun*> RunCache::find(const RunTarget& target) {
  ExecutionId execution = target.execution;
  if (execution.value == 0 && target.run_id.empty()) {
    auto current = find_current(target.key);
    if (current.ok() && *current == nullptr) {
      return no_current_run(target.key);
    }
    return current;
  }
  if (execution.value == 0) {
    if (auto found = by_run_id_.find(target.run_id.value); found != by_run_id_.end()) {
      execution = found->second;
    } else {
      auto stored = storage_.find_run(target.key, target.run_id);
      if (!stored.ok()) {
        return stored.status();
      }
      execution = stored->value_or(ExecutionId{});
    }
  }
  if (execution.value == 0) {
    return no_such_run(target);
  }
  auto entry = get(execution);
  if (entry.ok()) {
    const engine::Execution& run = *(*entry)->run;
    const bool same_id = target.run_id.empty() || engine::run_id(run) == target.run_id;
    const bool same_key = target.execution.value != 0 || engine::workflow_key(run) == target.key;
    if (!same_id || !same_key) {
      return no_such_run(target);
    }
  }
  return entry;
}

Result<CachedRun*> RunCache::find_current(const WorkflowKey& key) {
  if (auto found = current_.find(key); found != current_.end()) {
    return get(found->second);
  }
  auto stored = storage_.find_current(key);
  if (!stored.ok()) {
    return stored.status();
  }
  if (!stored->has_value()) {
    return static_cast<CachedRun*>(nullptr);
  }
  auto entry = get(**stored);
  if (entry.ok()) {
    current_[key] = **stored;
  }
  return entry;
}

CachedRun& RunCache::insert(std::unique_ptr<engine::Execution> run) {
  const ExecutionId execution = engine::execution_id(*run);
  auto [found, created] = entries_.try_emplace(execution.value);
  check(created, "a run is in the cache once");
  CachedRun& entry = found->second;
  entry.run = std::move(run);
  entry.execution = execution;
  entry.recency = recency_.insert(recency_.begin(), execution);
  by_run_id_[engine::run_id(*entry.run).value] = execution;
  measure(entry);
  return entry;
}

void RunCache::make_current(const WorkflowKey& key, ExecutionId execution) { current_[key] = execution; }

void RunCache::measure(CachedRun& entry) {
  bytes_ -= entry.bytes;
  entry.bytes = engine::approximate_bytes(*entry.run);
  bytes_ += entry.bytes;
}

void RunCache::drop(ExecutionId execution) {
  auto found = entries_.find(execution.value);
  if (found == entries_.end()) {
    return;
  }
  CachedRun& entry = found->second;
  bytes_ -= entry.bytes;
  recency_.erase(entry.recency);
  by_run_id_.erase(engine::run_id(*entry.run).value);
  auto current = current_.find(engine::workflow_key(*entry.run));
  if (current != current_.end() && current->second == execution) {
    current_.erase(current);
  }
  entries_.erase(found);
}

void RunCache::evict() {
  auto next = recency_.end();
  while (bytes_ > limit_ && next != recency_.begin()) {
    const ExecutionId execution = *--next;
    const CachedRun& entry = entries_.at(execution.value);
    if (entry.dirty || entry.broken || entry.volatile_deadline || engine::knows_more_than_store(*entry.run)) {
      continue;
    }
    ++next;  // past the entry that drop() removes
    drop(execution);
  }
}

void RunCache::visit_settled(const std::function<void(const engine::Execution&)>& visit) const {
  for (const ExecutionId execution : recency_) {
    const CachedRun& entry = entries_.at(execution.value);
    if (!entry.dirty && !entry.broken) {
      visit(*entry.run);
    }
  }
}

}  // namespace perdure::runtime
