#include "tests/storage/model.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace perdure::storage::testing {
namespace {

constexpr ItemKind kKinds[] = {ItemKind::kActivity, ItemKind::kTimer, ItemKind::kRunTimeout};

std::string text_of(const Item& item) {
  return fmt::format("  item {}/{} due={} queue='{}' order={} holder={} state={}\n",
                     static_cast<int>(item.key.kind), item.key.id, item.due_at ? item.due_at->nanos : -1,
                     item.queue, item.ready_order, item.holder, item.state);
}

std::string text_of_run(std::int64_t id, const WorkflowKey& key, const RunId& run_id, bool current,
                        const std::string& state) {
  return fmt::format("run {} '{}' '{}' '{}' current={} state={}\n", id, key.namespace_name.value,
                     key.workflow_id.value, run_id.value, current, state);
}

std::string text_of(const HistoryBatch& batch) {
  return fmt::format("  events {}+{} {}\n", batch.first_event_id, batch.event_count, batch.events);
}

// The queues and the due index of the store, in their order.
Status describe_indexes(Storage& store, const std::vector<std::string>& queues, std::string& out) {
  const auto due = store.read_due(Timestamp{std::numeric_limits<std::int64_t>::max()}, 1'000'000);
  if (!due.ok()) {
    return due.status();
  }
  for (const DueItem& item : *due) {
    out += fmt::format("due {} {} {}/{}\n", item.due_at.nanos, item.execution.value,
                       static_cast<int>(item.key.kind), item.key.id);
  }
  for (const std::string& queue : queues) {
    const auto waiting = store.read_queue(queue, QueuedItem{}, 1'000'000);
    if (!waiting.ok()) {
      return waiting.status();
    }
    for (const QueuedItem& item : *waiting) {
      out += fmt::format("queue {} {} {} {}/{}\n", queue, item.ready_order, item.execution.value,
                         static_cast<int>(item.key.kind), item.key.id);
    }
  }
  return Status();
}

std::string describe_indexes(const Model& model, const std::vector<std::string>& queues) {
  std::vector<std::tuple<std::int64_t, std::int64_t, ItemKey>> due;
  std::map<std::string, std::vector<std::tuple<std::int64_t, std::int64_t, ItemKey>>> waiting;
  for (const auto& [id, run] : model.runs) {
    for (const auto& [key, item] : run.items) {
      if (item.due_at) {
        due.emplace_back(item.due_at->nanos, id, key);
      }
      if (!item.queue.empty()) {
        waiting[item.queue].emplace_back(item.ready_order, id, key);
      }
    }
  }
  std::sort(due.begin(), due.end());
  std::string out;
  for (const auto& [at, id, key] : due) {
    out += fmt::format("due {} {} {}/{}\n", at, id, static_cast<int>(key.kind), key.id);
  }
  for (const std::string& queue : queues) {
    auto& items = waiting[queue];
    std::sort(items.begin(), items.end());
    for (const auto& [order, id, key] : items) {
      out += fmt::format("queue {} {} {} {}/{}\n", queue, order, id, static_cast<int>(key.kind), key.id);
    }
  }
  return out;
}

const std::vector<std::string> kQueues = {"a/default/q0", "a/default/q1", "w/default/q0"};

Status describe_run(Storage& store, const RunSummary& summary, std::string& out) {
  const auto run = store.load(summary.execution);
  if (!run.ok()) {
    return run.status();
  }
  if (!run->has_value()) {
    return data_loss("a listed run cannot be loaded");
  }
  const LoadedRun& loaded = **run;
  out += text_of_run(loaded.execution.value, loaded.key, loaded.run_id, summary.current, loaded.state);
  for (std::int64_t next = 1;;) {
    const auto page = store.read_history(summary.execution, next, 7, 4096);
    if (!page.ok()) {
      return page.status();
    }
    for (const HistoryBatch& batch : page->batches) {
      out += text_of(batch);
      next = batch.first_event_id + batch.event_count;
    }
    if (!page->more) {
      break;
    }
  }
  for (const Item& item : loaded.items) {
    out += text_of(item);
  }
  const auto found = store.find_run(loaded.key, loaded.run_id);
  const auto current = store.find_current(loaded.key);
  if (!found.ok() || !current.ok()) {
    return found.ok() ? current.status() : found.status();
  }
  if (*found != std::optional(loaded.execution) || !current->has_value()) {
    return data_loss("a run is not found by its name");
  }
  return Status();
}

}  // namespace

void Model::apply(const Transition& transition) {
  for (const RunWrite& write : transition.writes) {
    ModelRun& run = runs[write.execution.value];
    run.key = write.key;
    run.run_id = write.run_id;
    run.state = write.state;
    for (const HistoryBatch& batch : write.append) {
      run.history.push_back(batch);
      run.next_event_id += batch.event_count;
    }
    for (const ItemKey key : write.erase) {
      run.items.erase(key);
    }
    for (const Item& item : write.upsert) {
      run.items[item.key] = item;
    }
    if (write.make_current) {
      current[write.key] = write.execution.value;
    }
    if (write.create) {
      next_execution_id = write.execution.value + 1;
    }
  }
  last_sequence = transition.sequence;
  last_time = transition.now;
}

std::string describe(const Model& model) {
  std::string out = fmt::format("sequence {} time {} next {}\n", model.last_sequence, model.last_time.nanos,
                                model.next_execution_id);
  for (const auto& [id, run] : model.runs) {
    out += text_of_run(id, run.key, run.run_id, model.current.at(run.key) == id, run.state);
    for (const HistoryBatch& batch : run.history) {
      out += text_of(batch);
    }
    for (const auto& [key, item] : run.items) {
      out += text_of(item);
    }
  }
  return out + describe_indexes(model, kQueues);
}

Result<std::string> describe(Storage& store) {
  const StoreInfo& info = store.info();
  std::string out = fmt::format("sequence {} time {} next {}\n", info.last_sequence, info.last_time.nanos,
                                info.next_execution_id);
  ExecutionId after;
  for (;;) {
    const auto runs = store.list_runs(after, 10);
    if (!runs.ok()) {
      return runs.status();
    }
    if (runs->empty()) {
      break;
    }
    for (const RunSummary& run : *runs) {
      if (Status status = describe_run(store, run, out); !status.ok()) {
        return status;
      }
      after = run.execution;
    }
  }
  if (Status status = describe_indexes(store, kQueues, out); !status.ok()) {
    return status;
  }
  return out;
}

Transition TransitionSource::next(Model& model) {
  Transition transition{.sequence = model.last_sequence + 1,
                        .now = model.last_time + Duration(random_.below(1'000'000'000))};
  if (model.runs.empty() || random_.chance(0.15)) {
    transition.writes.push_back(start_run(model));
  } else {
    const auto pick = 1 + random_.below(model.runs.size());
    transition.writes.push_back(change_run(model, static_cast<std::int64_t>(pick)));
    if (random_.chance(0.1)) {
      transition.writes.push_back(start_run(model));
    }
  }
  for (RunWrite& write : transition.writes) {
    for (Item& item : write.upsert) {
      item.ready_order = item.queue.empty() ? 0 : transition.sequence;
    }
  }
  model.apply(transition);
  return transition;
}

RunWrite TransitionSource::start_run(const Model& model) {
  RunWrite write{.execution = ExecutionId{model.next_execution_id}, .create = true, .make_current = true};
  write.key = {NamespaceName("default"), WorkflowId(fmt::format("workflow-{}", random_.below(30)))};
  write.run_id = RunId(uuid4(random_));
  write.state = some_bytes(600);
  write.append.push_back(some_events(1, 2));
  write.upsert.push_back(
      {.key = {ItemKind::kWorkflowTask, 0}, .queue = "w/default/q0", .state = some_bytes(60)});
  return write;
}

RunWrite TransitionSource::change_run(const Model& model, std::int64_t execution_id) {
  const ModelRun& run = model.runs.at(execution_id);
  RunWrite write{.execution = ExecutionId{execution_id}, .key = run.key, .run_id = run.run_id};
  write.state = some_bytes(600);
  std::int64_t next = run.next_event_id;
  for (auto batches = random_.below(3); batches > 0; --batches) {
    write.append.push_back(some_events(next, 1 + static_cast<int>(random_.below(4))));
    next += write.append.back().event_count;
  }
  for (const auto& [key, item] : run.items) {
    if (random_.chance(0.4)) {
      write.erase.push_back(key);
    } else if (random_.chance(0.2)) {
      Item changed = item;
      changed.state = some_bytes(200);
      changed.due_at = model.last_time + Duration(random_.below(1'000'000));
      write.upsert.push_back(changed);
    }
  }
  for (auto added = random_.below(3); added > 0; --added) {
    Item item{.key = {kKinds[random_.below(std::size(kKinds))], next + static_cast<std::int64_t>(added)}};
    if (random_.chance(0.6)) {
      item.due_at = model.last_time + Duration(random_.below(60'000'000'000));
    }
    if (random_.chance(0.6)) {
      item.queue = kQueues[random_.below(2)];
    }
    item.holder = random_.chance(0.2) ? 1 : 0;
    item.state = some_bytes(200);
    write.upsert.push_back(std::move(item));
  }
  return write;
}

HistoryBatch TransitionSource::some_events(std::int64_t first_event_id, int count) {
  return {first_event_id, count,
          make_events != nullptr ? make_events(random_, first_event_id, count)
                                 : some_bytes(static_cast<std::size_t>(count) * 200)};
}

std::string TransitionSource::some_bytes(std::size_t most) {
  std::string bytes(1 + random_.below(most), ' ');
  for (char& byte : bytes) {
    byte = static_cast<char>('a' + random_.below(26));
  }
  return bytes;
}

Status commit(Storage& store, std::vector<Transition> transitions) {
  Status result = internal_error("commit() did not call done");
  store.commit(std::move(transitions), [&](Status status) { result = std::move(status); });
  return result;
}

}  // namespace perdure::storage::testing
