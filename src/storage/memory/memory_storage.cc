#include "storage/memory/memory_storage.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "base/random.h"

namespace perdure::storage {
namespace {

struct StoredRun {
  WorkflowKey key;
  RunId run_id;
  std::string state;
  std::map<ItemKey, Item> items;
  std::map<std::int64_t, HistoryBatch> history;  // by first event id
};

class MemoryStorage : public Storage {
 public:
  MemoryStorage() {
    info_.incarnation = 1;
    Random random(0x5eed);
    while (info_.token_key.size() < 32) {
      info_.token_key.push_back(static_cast<char>(random.next() & 0xff));
    }
  }

  const StoreInfo& info() const override { return info_; }

  void commit(std::vector<Transition> transitions, std::function<void(Status)> done) override {
    for (Transition& transition : transitions) {
      check(transition.sequence == info_.last_sequence + 1, "transitions are numbered without a gap");
      check(transition.now >= info_.last_time, "time does not run backwards in the store");
      for (RunWrite& write : transition.writes) {
        apply(write);
      }
      info_.last_sequence = transition.sequence;
      info_.last_time = transition.now;
    }
    done(Status());
  }

  Status put_record(const std::string& key, const std::string& value) override {
    info_.records[key] = value;
    return Status();
  }

  Result<std::optional<ExecutionId>> find_current(const WorkflowKey& key) override {
    auto found = current_.find(key);
    return found == current_.end() ? std::optional<ExecutionId>() : found->second;
  }

  Result<std::optional<ExecutionId>> find_run(const WorkflowKey& key, const RunId& run_id) override {
    auto found = by_run_id_.find({key, run_id});
    return found == by_run_id_.end() ? std::optional<ExecutionId>() : found->second;
  }

  Result<std::optional<LoadedRun>> load(ExecutionId execution) override {
    auto found = runs_.find(execution);
    if (found == runs_.end()) {
      return std::optional<LoadedRun>();
    }
    LoadedRun loaded{execution, found->second.key, found->second.run_id, found->second.state, {}};
    for (const auto& [key, item] : found->second.items) {
      loaded.items.push_back(item);
    }
    return std::optional<LoadedRun>(std::move(loaded));
  }

  Result<HistoryPage> read_history(ExecutionId execution, std::int64_t first_event_id, int max_events,
                                   std::size_t max_bytes) override {
    HistoryPage page;
    auto found = runs_.find(execution);
    if (found == runs_.end()) {
      return page;
    }
    const auto& history = found->second.history;
    auto batch = history.upper_bound(first_event_id);
    if (batch != history.begin()) {
      --batch;
    }
    int events = 0;
    std::size_t bytes = 0;
    for (; batch != history.end(); ++batch) {
      if (!page.batches.empty() && (events >= max_events || bytes >= max_bytes)) {
        page.more = true;
        break;
      }
      events += batch->second.event_count;
      bytes += batch->second.events.size();
      page.batches.push_back(batch->second);
    }
    return page;
  }

  Result<std::optional<Timestamp>> next_due() override {
    return due_.empty() ? std::optional<Timestamp>() : std::get<Timestamp>(*due_.begin());
  }

  Result<std::vector<DueItem>> read_due(Timestamp now, int limit) override {
    std::vector<DueItem> items;
    for (const auto& [due_at, execution, key] : due_) {
      if (due_at > now || static_cast<int>(items.size()) >= limit) {
        break;
      }
      items.push_back({execution, key, due_at});
    }
    return items;
  }

  Result<std::vector<QueuedItem>> read_queue(const std::string& queue, const QueuedItem& after,
                                             int limit) override {
    std::vector<QueuedItem> items;
    auto found = queues_.find(queue);
    if (found == queues_.end()) {
      return items;
    }
    for (auto next = found->second.upper_bound({after.ready_order, after.execution, after.key});
         next != found->second.end() && static_cast<int>(items.size()) < limit; ++next) {
      items.push_back({std::get<1>(*next), std::get<2>(*next), std::get<0>(*next)});
    }
    return items;
  }

  Result<std::vector<DueItem>> read_orphans(std::int64_t incarnation, int limit) override {
    std::vector<DueItem> orphans;
    for (const auto& [execution, run] : runs_) {
      for (const auto& [key, item] : run.items) {
        if (item.holder != 0 && item.holder != incarnation && static_cast<int>(orphans.size()) < limit) {
          orphans.push_back({execution, key, item.due_at.value_or(Timestamp{})});
        }
      }
    }
    return orphans;
  }

  Result<std::vector<RunSummary>> list_runs(ExecutionId after, int limit) override {
    std::vector<RunSummary> summaries;
    for (auto run = runs_.upper_bound(after);
         run != runs_.end() && static_cast<int>(summaries.size()) < limit; ++run) {
      auto current = current_.find(run->second.key);
      summaries.push_back({run->first, run->second.key, run->second.run_id,
                           current != current_.end() && current->second == run->first, run->second.state});
    }
    return summaries;
  }

  Status close() override { return {}; }

 private:
  using QueuePosition = std::tuple<std::int64_t, ExecutionId, ItemKey>;

  void apply(RunWrite& write) {
    check(write.create == !runs_.contains(write.execution), "a run is created by its first write");
    StoredRun& run = runs_[write.execution];
    if (write.create) {
      run.key = write.key;
      run.run_id = write.run_id;
      by_run_id_[{write.key, write.run_id}] = write.execution;
      info_.next_execution_id = std::max(info_.next_execution_id, write.execution.value + 1);
    }
    if (write.make_current) {
      current_[write.key] = write.execution;
    }
    run.state = std::move(write.state);
    for (HistoryBatch& batch : write.append) {
      const auto last = run.history.rbegin();
      const std::int64_t expected =
          last == run.history.rend() ? 1 : last->second.first_event_id + last->second.event_count;
      check(batch.first_event_id == expected, "event ids have no gap");
      run.history[batch.first_event_id] = std::move(batch);
    }
    for (const ItemKey& key : write.erase) {
      remove(write.execution, run, key);
    }
    for (Item& item : write.upsert) {
      remove(write.execution, run, item.key);
      if (item.due_at) {
        due_.insert({*item.due_at, write.execution, item.key});
      }
      if (!item.queue.empty()) {
        queues_[item.queue].insert({item.ready_order, write.execution, item.key});
      }
      const ItemKey key = item.key;
      run.items[key] = std::move(item);
    }
  }

  void remove(ExecutionId execution, StoredRun& run, const ItemKey& key) {
    auto found = run.items.find(key);
    if (found == run.items.end()) {
      return;
    }
    const Item& item = found->second;
    if (item.due_at) {
      due_.erase({*item.due_at, execution, key});
    }
    if (!item.queue.empty()) {
      auto queue = queues_.find(item.queue);
      queue->second.erase({item.ready_order, execution, key});
      if (queue->second.empty()) {
        queues_.erase(queue);
      }
    }
    run.items.erase(found);
  }

  StoreInfo info_;
  std::map<ExecutionId, StoredRun> runs_;
  std::map<WorkflowKey, ExecutionId> current_;
  std::map<std::pair<WorkflowKey, RunId>, ExecutionId> by_run_id_;
  std::set<std::tuple<Timestamp, ExecutionId, ItemKey>> due_;
  std::map<std::string, std::set<QueuePosition>> queues_;
};

}  // namespace

std::unique_ptr<Storage> open_memory_storage() { return std::make_unique<MemoryStorage>(); }

}  // namespace perdure::storage
