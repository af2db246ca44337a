// Reading back. Every row is checked against its checksum, every run against the digest of its items and the
// end of its history chain, so that a row that vanished, came back or was changed is an error here and never
// wrong data.
#include <fmt/format.h>

#include <algorithm>

#include "base/planted.h"
#include "storage/sqlite/errors.h"
#include "storage/sqlite/schema.h"
#include "storage/sqlite/sqlite_store.h"

namespace perdure::storage {
namespace {

bool same(std::uint64_t computed, std::uint64_t stored) {
  return computed == stored || planted(PlantedBug::kChecksumSkipped);
}

ItemKey key_of(const Statement& row, int kind_column) {
  return {static_cast<ItemKind>(row.integer(kind_column)), row.integer(kind_column + 1)};
}

}  // namespace

Result<std::optional<ExecutionId>> SqliteStore::find_current(const WorkflowKey& key) {
  {
    Statement& row = sql_.find_current;
    Statement::Scope scope(row);
    row.bind_text(key.namespace_name.value).bind_text(key.workflow_id.value);
    const int rc = row.step();
    if (rc == SQLITE_ROW) {
      const std::int64_t id = row.integer(0);
      if (!same(sum_.current_run(key, id), row.checksum(1))) {
        return damaged(
            "current_run", id,
            fmt::format("the row of workflow id '{}' does not match its checksum", key.workflow_id.value));
      }
      return std::optional(ExecutionId{id});
    }
    if (rc != SQLITE_DONE) {
      return failed(rc, "read the table current_run");
    }
  }
  // A lost pointer must not look like an unused workflow id: a second open run would be the result (invariant
  // W1).
  Statement& row = sql_.find_any_run;
  Statement::Scope scope(row);
  row.bind_text(key.namespace_name.value).bind_text(key.workflow_id.value);
  const int rc = row.step();
  if (rc == SQLITE_ROW) {
    return damaged("current_run", row.integer(0),
                   fmt::format("workflow id '{}' has runs, but none is current", key.workflow_id.value));
  }
  return rc == SQLITE_DONE ? Result<std::optional<ExecutionId>>(std::optional<ExecutionId>())
                           : failed(rc, "read the table run");
}

Result<std::optional<ExecutionId>> SqliteStore::find_run(const WorkflowKey& key, const RunId& run_id) {
  Statement& row = sql_.find_run;
  Statement::Scope scope(row);
  row.bind_text(key.namespace_name.value).bind_text(key.workflow_id.value).bind_text(run_id.value);
  const int rc = row.step();
  if (rc == SQLITE_ROW) {
    return std::optional(ExecutionId{row.integer(0)});
  }
  return rc == SQLITE_DONE ? Result<std::optional<ExecutionId>>(std::optional<ExecutionId>())
                           : failed(rc, "read the table run");
}

Result<std::optional<LoadedRun>> SqliteStore::load(ExecutionId execution) {
  LoadedRun run{.execution = execution};
  RunHead head;
  {
    Statement& row = sql_.read_run;
    Statement::Scope scope(row);
    row.bind(execution.value);
    const int rc = row.step();
    if (rc == SQLITE_DONE) {
      Statement& any = sql_.any_row_of_run;
      Statement::Scope any_scope(any);
      any.bind(execution.value);
      const int any_rc = any.step();
      if (any_rc != SQLITE_ROW) {
        return failed(any_rc, "read the table item");
      }
      return any.integer(0) == 0
                 ? Result<std::optional<LoadedRun>>(std::optional<LoadedRun>())
                 : damaged("run", execution.value, "its row is missing, other rows of it are there");
    }
    if (rc != SQLITE_ROW) {
      return failed(rc, "read the table run");
    }
    const RunColumns columns{.execution_id = execution.value,
                             .namespace_name = row.bytes(0),
                             .workflow_id = row.bytes(1),
                             .run_id = row.bytes(2),
                             .sequence = row.integer(3),
                             .history_events = row.integer(4),
                             .history_checksum = row.checksum(5),
                             .item_digest = row.checksum(6),
                             .state = row.bytes(8)};
    head = {.history_events = columns.history_events,
            .history_checksum = columns.history_checksum,
            .item_digest = columns.item_digest,
            .checksum = row.checksum(7)};
    if (!same(sum_.run(columns), head.checksum)) {
      return damaged("run", execution.value, "its row does not match its checksum");
    }
    run.key = {NamespaceName(std::string(columns.namespace_name)),
               WorkflowId(std::string(columns.workflow_id))};
    run.run_id = RunId(std::string(columns.run_id));
    run.state = std::string(columns.state);
    head.name = sum_.run_name(run.key, run.run_id);
  }
  if (Status status = read_items_of(run, head); !status.ok()) {
    return status;
  }
  if (Status status = check_history_end(execution.value, head); !status.ok()) {
    return status;
  }
  heads_.put(execution.value, std::move(head));
  return std::optional(std::move(run));
}

Status SqliteStore::read_items_of(LoadedRun& run, RunHead& head) {
  const std::int64_t id = run.execution.value;
  Statement& row = sql_.read_items;
  Statement::Scope scope(row);
  row.bind(id);
  std::uint64_t digest = 0;
  int rc = SQLITE_OK;
  while ((rc = row.step()) == SQLITE_ROW) {
    Item item{.key = key_of(row, 0),
              .queue = row.string(3),
              .ready_order = row.integer(4),
              .holder = row.integer(5)};
    if (!row.is_null(2)) {
      item.due_at = Timestamp{row.integer(2)};
    }
    item.state = row.string(7);
    const std::uint64_t stored = row.checksum(6);
    if (!same(sum_.item(id, item), stored)) {
      return damaged("item", id,
                     fmt::format("item {} of kind {} does not match its checksum", item.key.id,
                                 static_cast<int>(item.key.kind)));
    }
    digest += stored;
    head.items.emplace_back(item.key, stored);
    run.items.push_back(std::move(item));
  }
  if (rc != SQLITE_DONE) {
    return failed(rc, "read the table item");
  }
  return same(digest, head.item_digest)
             ? Status()
             : damaged("item", id,
                       "its items are not those that its row was written with: one vanished or came back");
}

Status SqliteStore::check_history_end(std::int64_t execution_id, const RunHead& head) {
  Statement& row = sql_.read_last_batch;
  Statement::Scope scope(row);
  row.bind(execution_id);
  const int rc = row.step();
  if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
    return failed(rc, "read the table history");
  }
  const std::int64_t end = rc == SQLITE_ROW ? row.integer(0) + row.integer(1) - 1 : 0;
  const std::uint64_t checksum = rc == SQLITE_ROW ? row.checksum(2) : 0;
  if ((end == head.history_events && checksum == head.history_checksum) ||
      planted(PlantedBug::kChecksumSkipped)) {
    return Status();
  }
  return damaged("history", execution_id,
                 fmt::format("it ends with event {}, its run with event {}", end, head.history_events));
}

Result<RunHead*> SqliteStore::head_of(std::int64_t execution_id) {
  if (RunHead* head = heads_.find(execution_id); head != nullptr) {
    return head;
  }
  const auto run = load(ExecutionId{execution_id});
  if (!run.ok()) {
    return run.status();
  }
  RunHead* head = heads_.find(execution_id);
  return head != nullptr ? Result<RunHead*>(head) : damaged("run", execution_id, "its row is missing");
}

Result<HistoryPage> SqliteStore::read_history(ExecutionId execution, std::int64_t first_event_id,
                                              int max_events, std::size_t max_bytes) {
  const std::int64_t id = execution.value;
  const auto head = head_of(id);
  if (!head.ok()) {
    return head.status();
  }
  HistoryPage page;
  if (first_event_id > (*head)->history_events) {
    return page;
  }
  std::int64_t next = 0;       // first event id of the next batch
  std::uint64_t previous = 0;  // checksum of the batch before
  {
    Statement& row = sql_.read_batch_starts;
    Statement::Scope scope(row);
    row.bind(id).bind(std::max<std::int64_t>(first_event_id, 1));
    int rc = row.step();
    if (rc == SQLITE_ROW) {
      next = row.integer(0);
      rc = row.step();
      previous = rc == SQLITE_ROW ? row.checksum(1) : 0;
    }
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
      return failed(rc, "read the table history");
    }
  }
  Statement& row = sql_.read_batches;
  Statement::Scope scope(row);
  row.bind(id).bind(next);
  std::int64_t events = 0;
  std::size_t bytes = 0;
  int rc = SQLITE_OK;
  while ((rc = row.step()) == SQLITE_ROW) {
    if (!page.batches.empty() && (events >= max_events || bytes >= max_bytes)) {
      page.more = true;
      return page;
    }
    HistoryBatch batch{row.integer(0), static_cast<std::int32_t>(row.integer(1)), row.string(3)};
    const std::uint64_t stored = row.checksum(2);
    const bool intact =
        batch.first_event_id == next &&
        same(sum_.batch(previous, id, batch.first_event_id, batch.event_count, batch.events), stored);
    if (!intact) {
      return damaged("history", id,
                     fmt::format("the batch with event {} is missing or does not match its checksum", next));
    }
    previous = stored;
    next += batch.event_count;
    events += batch.event_count;
    bytes += batch.events.size();
    page.batches.push_back(std::move(batch));
  }
  if (rc != SQLITE_DONE) {
    return failed(rc, "read the table history");
  }
  if (next != (*head)->history_events + 1) {
    return damaged(
        "history", id,
        fmt::format("it ends before event {}, its run with event {}", next, (*head)->history_events));
  }
  return page;
}

Result<std::optional<Timestamp>> SqliteStore::next_due() {
  Statement& row = sql_.next_due;
  Statement::Scope scope(row);
  const int rc = row.step();
  if (rc == SQLITE_ROW) {
    return std::optional(Timestamp{row.integer(0)});
  }
  return rc == SQLITE_DONE ? Result<std::optional<Timestamp>>(std::optional<Timestamp>())
                           : failed(rc, "read the index item_by_due");
}

Result<std::vector<DueItem>> SqliteStore::read_due_items(Statement& row) {
  std::vector<DueItem> items;
  int rc = SQLITE_OK;
  while ((rc = row.step()) == SQLITE_ROW) {
    items.push_back({ExecutionId{row.integer(0)}, key_of(row, 1), Timestamp{row.integer(3)}});
  }
  return rc == SQLITE_DONE ? Result<std::vector<DueItem>>(std::move(items))
                           : failed(rc, "read the table item");
}

Result<std::vector<DueItem>> SqliteStore::read_due(Timestamp now, int limit) {
  Statement::Scope scope(sql_.read_due);
  sql_.read_due.bind(now.nanos).bind(std::int64_t{limit});
  return read_due_items(sql_.read_due);
}

Result<std::vector<DueItem>> SqliteStore::read_orphans(std::int64_t incarnation, int limit) {
  Statement::Scope scope(sql_.read_orphans);
  sql_.read_orphans.bind(incarnation).bind(std::int64_t{limit});
  return read_due_items(sql_.read_orphans);
}

Result<std::vector<QueuedItem>> SqliteStore::read_queue(const std::string& queue, const QueuedItem& after,
                                                        int limit) {
  Statement& row = sql_.read_queue;
  Statement::Scope scope(row);
  row.bind_text(queue).bind(after.ready_order).bind(after.execution.value);
  row.bind(std::int64_t{static_cast<std::int32_t>(after.key.kind)})
      .bind(after.key.id)
      .bind(std::int64_t{limit});
  std::vector<QueuedItem> items;
  int rc = SQLITE_OK;
  while ((rc = row.step()) == SQLITE_ROW) {
    items.push_back({ExecutionId{row.integer(0)}, key_of(row, 1), row.integer(3)});
  }
  return rc == SQLITE_DONE ? Result<std::vector<QueuedItem>>(std::move(items))
                           : failed(rc, "read the index item_by_queue");
}

Result<std::vector<RunSummary>> SqliteStore::list_runs(ExecutionId after, int limit) {
  Statement& row = sql_.list_runs;
  Statement::Scope scope(row);
  row.bind(after.value).bind(std::int64_t{limit});
  std::vector<RunSummary> runs;
  int rc = SQLITE_OK;
  while ((rc = row.step()) == SQLITE_ROW) {
    const RunColumns columns{.execution_id = row.integer(0),
                             .namespace_name = row.bytes(1),
                             .workflow_id = row.bytes(2),
                             .run_id = row.bytes(3),
                             .sequence = row.integer(4),
                             .history_events = row.integer(5),
                             .history_checksum = row.checksum(6),
                             .item_digest = row.checksum(7),
                             .state = row.bytes(9)};
    if (!same(sum_.run(columns), row.checksum(8))) {
      return damaged("run", columns.execution_id, "its row does not match its checksum");
    }
    runs.push_back({.execution = ExecutionId{columns.execution_id},
                    .key = {NamespaceName(std::string(columns.namespace_name)),
                            WorkflowId(std::string(columns.workflow_id))},
                    .run_id = RunId(std::string(columns.run_id)),
                    .current = row.integer(10) != 0,
                    .state = std::string(columns.state),
                    .history_events = columns.history_events,
                    .pending_items = row.integer(11)});
  }
  return rc == SQLITE_DONE ? Result<std::vector<RunSummary>>(std::move(runs))
                           : failed(rc, "read the table run");
}

}  // namespace perdure::storage
