// The comparison of a Mirror with the store that it mirrors.
#include <set>
#include <tuple>

#include "base/limits.h"
#include "engine/execution.h"
#include "mirror.h"

namespace perdure::sim {
namespace {

bool equal(const Item& a, const Item& b) {
  return a.key == b.key && a.due_at == b.due_at && a.queue == b.queue && a.ready_order == b.ready_order &&
         a.holder == b.holder && a.state == b.state;
}

std::string text(const Item& item) {
  return fmt::format("kind {} id {} due {} queue '{}' order {} holder {} state {} bytes",
                     static_cast<int>(item.key.kind), item.key.id, item.due_at.value_or(Timestamp{}).nanos,
                     item.queue, item.ready_order, item.holder, item.state.size());
}

}  // namespace

void Mirror::compare(storage::Storage& store, const char* when) {
  std::size_t listed = 0;
  ExecutionId after;
  while (true) {
    const auto page = store.list_runs(after, 100);
    report_.expect(page.ok(), "D3", "{}: list_runs: {}", when, page.status().to_string());
    if (!page.ok() || page->empty()) {
      break;
    }
    for (const storage::RunSummary& run : *page) {
      report_.expect(runs_.contains(run.execution.value), "D3",
                     "{}: the store holds run {}, which was never committed", when, run.run_id.value);
      after = run.execution;
      ++listed;
    }
  }
  report_.expect(listed == runs_.size(), "D1", "{}: the store lists {} runs of {}", when, listed,
                 runs_.size());
  for (const auto& [id, run] : runs_) {
    compare_run(store, *run, when);
  }
  compare_indexes(store, when);
}

void Mirror::compare_run(storage::Storage& store, const MirrorRun& run, const char* when) {
  const std::string& name = run.run_id.value;
  const auto loaded = store.load(run.execution);
  report_.expect(loaded.ok() && loaded->has_value(), "D1", "{}: run {} cannot be loaded: {}", when, name,
                 loaded.ok() ? "not found" : loaded.status().to_string());
  if (!loaded.ok() || !loaded->has_value()) {
    return;
  }
  const storage::LoadedRun& stored = **loaded;
  report_.expect(stored.state == run.state && stored.run_id == run.run_id && stored.key == run.key, "D3",
                 "{}: run {}: the stored state differs from the committed one", when, name);
  report_.expect(stored.items.size() == run.items.size(), "D3",
                 "{}: run {}: {} items are stored, {} were committed", when, name, stored.items.size(),
                 run.items.size());
  for (const Item& item : stored.items) {
    const auto found = run.items.find(item.key);
    if (found == run.items.end() || !equal(found->second, item)) {
      report_.violate("D3", fmt::format("{}: run {}: stored {}, committed {}", when, name, text(item),
                                        found == run.items.end() ? "nothing" : text(found->second)));
    }
  }
  const auto current = store.find_current(run.key);
  report_.expect(current.ok() && current->has_value() && current->value() == current_.at(run.key)->execution,
                 "W1", "{}: the store names another current run of {}", when, run.key.workflow_id.value);
  compare_history(store, run, when);

  auto execution = engine::load_execution(
      engine::StoredRun{stored.execution, stored.key, stored.run_id, stored.state, stored.items});
  report_.expect(execution.ok(), "D5", "{}: run {} cannot be read: {}", when, name,
                 execution.status().to_string());
  if (execution.ok()) {
    compare_execution(**execution, when);
  }
}

void Mirror::compare_execution(const engine::Execution& execution, const char* when) {
  const engine::StoredRun live = engine::store_execution(execution);
  const std::string& name = live.run_id.value;
  const MirrorRun* found_run = find_run(name);
  report_.expect(found_run != nullptr, "D5", "{}: run {} is in memory, but not committed", when, name);
  if (found_run == nullptr) {
    return;
  }
  const MirrorRun& run = *found_run;
  report_.expect(live.state == run.state, "D5",
                 "{}: run {}: the state in memory differs from the committed one", when, name);
  report_.expect(live.items.size() == run.items.size(), "D5", "{}: run {}: {} items in memory, {} committed",
                 when, name, live.items.size(), run.items.size());
  for (const Item& item : live.items) {
    const auto found = run.items.find(item.key);
    // The order in the queue is the shell's, not the execution's.
    Item committed = found == run.items.end() ? Item{} : found->second;
    committed.ready_order = item.ready_order;
    if (found == run.items.end() || !equal(committed, item)) {
      report_.violate("D5", fmt::format("{}: run {}: in memory {}, committed {}", when, name, text(item),
                                        found == run.items.end() ? "nothing" : text(found->second)));
    }
  }
  report_.expect(engine::next_event_id(execution) == run.check.last_id() + 1, "D5",
                 "{}: run {}: next event id {}, the history ends at {}", when, name,
                 engine::next_event_id(execution), run.check.last_id());
}

void Mirror::compare_history(storage::Storage& store, const MirrorRun& run, const char* when) {
  std::int64_t next = 1;
  std::size_t index = 0;
  while (next <= run.check.last_id()) {
    const auto page =
        store.read_history(run.execution, next, limits::kHistoryPageEvents, limits::kHistoryPageBytes);
    report_.expect(page.ok() && !page->batches.empty(), "D1", "{}: run {}: history from {}: {}", when,
                   run.run_id.value, next, page.ok() ? "empty" : page.status().to_string());
    if (!page.ok() || page->batches.empty()) {
      return;
    }
    for (const HistoryBatch& batch : page->batches) {
      report_.expect(index < run.batches.size() &&
                         batch.first_event_id == run.batches[index].first_event_id &&
                         batch.event_count == run.batches[index].event_count &&
                         batch.events == run.batches[index].events,
                     "D1", "{}: run {}: the stored events at {} are not the committed ones", when,
                     run.run_id.value, batch.first_event_id);
      next = batch.first_event_id + batch.event_count;
      ++index;
    }
    report_.expect(page->more == (next <= run.check.last_id()), "D1",
                   "{}: run {}: the history ends at {} instead of {}", when, run.run_id.value, next - 1,
                   run.check.last_id());
    if (!page->more) {
      break;
    }
  }
}

void Mirror::compare_indexes(storage::Storage& store, const char* when) {
  using Entry = std::tuple<std::int64_t, ItemKey, std::int64_t>;
  std::set<Entry> due;
  std::map<std::string, std::set<Entry>> queues;
  for (const auto& [id, run] : runs_) {
    for (const auto& [key, item] : run->items) {
      if (item.due_at) {
        due.emplace(id, key, item.due_at->nanos);
      }
      if (!item.queue.empty()) {
        queues[item.queue].emplace(id, key, item.ready_order);
      }
    }
  }
  const auto stored_due = store.read_due(Timestamp{INT64_MAX}, 100'000);
  std::set<Entry> found_due;
  if (stored_due.ok()) {
    for (const auto& item : *stored_due) {
      found_due.emplace(item.execution.value, item.key, item.due_at.nanos);
    }
  }
  report_.expect(stored_due.ok() && found_due == due && stored_due->size() == due.size(), "T4",
                 "{}: the due index holds {} entries, {} items are due", when, found_due.size(), due.size());
  for (const auto& [queue, entries] : queues) {
    const auto stored = store.read_queue(queue, storage::QueuedItem{}, 100'000);
    std::set<Entry> found;
    if (stored.ok()) {
      for (const auto& item : *stored) {
        found.emplace(item.execution.value, item.key, item.ready_order);
      }
    }
    report_.expect(stored.ok() && found == entries, "T4", "{}: queue {} holds {} entries, {} items wait",
                   when, queue, found.size(), entries.size());
  }
}

}  // namespace perdure::sim
