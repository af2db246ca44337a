// D6: a damaged store may refuse, but not answer wrongly.
#include <set>
#include <tuple>

#include "base/limits.h"
#include "mirror.h"

namespace perdure::sim {
namespace {

// Reads everything; ok() is false from the first refused answer on.
class DamagedStore {
 public:
  DamagedStore(storage::Storage& store, Report& report, const std::string& damage)
      : store_(store), report_(report), damage_(damage) {}

  bool ok() const { return ok_; }

  template <class T>
  const T* take(const Result<T>& answer) {
    ok_ = ok_ && answer.ok();
    return ok_ ? &answer.value() : nullptr;
  }
  void expect(bool right, const char* what, const std::string& run) {
    report_.expect(right, "D6", "{}: {} of {} is wrong, and nothing was said", damage_, what, run);
  }
  storage::Storage& store() { return store_; }

  void read_run(const MirrorRun& run) {
    const std::string& name = run.run_id.value;
    const auto loaded = store_.load(run.execution);
    const auto* present = take(loaded);
    if (present == nullptr) {
      return;
    }
    expect(present->has_value(), "the presence", name);
    if (!present->has_value()) {
      return;
    }
    const storage::LoadedRun& stored = **present;
    expect(stored.state == run.state && stored.key == run.key && stored.run_id == run.run_id, "the state",
           name);
    bool items = stored.items.size() == run.items.size();
    for (const Item& item : stored.items) {
      const auto found = run.items.find(item.key);
      items = items && found != run.items.end() && found->second.due_at == item.due_at &&
              found->second.queue == item.queue && found->second.ready_order == item.ready_order &&
              found->second.holder == item.holder && found->second.state == item.state;
    }
    expect(items, "an item", name);
    const auto found = store_.find_run(run.key, run.run_id);
    if (const auto* answer = take(found)) {
      expect(answer->has_value() && answer->value() == run.execution, "the number", name);
    }
    read_history(run);
  }

  void read_history(const MirrorRun& run) {
    std::int64_t next = 1;
    std::size_t index = 0;
    while (ok_ && next <= run.check.last_id()) {
      const auto page =
          store_.read_history(run.execution, next, limits::kHistoryPageEvents, limits::kHistoryPageBytes);
      const auto* answer = take(page);
      if (answer == nullptr) {
        return;
      }
      for (const HistoryBatch& batch : answer->batches) {
        expect(index < run.batches.size() && batch.events == run.batches[index].events, "the history",
               run.run_id.value);
        next = batch.first_event_id + batch.event_count;
        ++index;
      }
      if (!answer->more || report_.violation()) {
        break;
      }
    }
    expect(!ok_ || next == run.check.last_id() + 1, "the end of the history", run.run_id.value);
  }

 private:
  storage::Storage& store_;
  Report& report_;
  const std::string& damage_;
  bool ok_ = true;
};

}  // namespace

void Mirror::check_damaged(storage::Storage& store, const std::string& damage) {
  DamagedStore damaged(store, report_, damage);
  const auto listed = damaged.store().list_runs(ExecutionId{}, 100'000);
  if (const auto* runs = damaged.take(listed)) {
    damaged.expect(runs->size() == runs_.size(), "the list", "all runs");
  }
  std::size_t due = 0;
  for (const auto& [id, run] : runs_) {
    if (damaged.ok()) {
      damaged.read_run(*run);
    }
    for (const auto& [key, item] : run->items) {
      due += item.due_at ? 1U : 0U;
    }
  }
  if (damaged.ok()) {
    const auto index = store.read_due(Timestamp{INT64_MAX}, 100'000);
    if (const auto* entries = damaged.take(index)) {
      damaged.expect(entries->size() == due, "the due index", "all runs");
    }
  }
  report_.mark(damaged.ok() ? "bit flip: nothing was touched by it" : "bit flip: refused at a read");
}

}  // namespace perdure::sim
