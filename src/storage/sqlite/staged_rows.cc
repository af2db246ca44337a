#include "storage/sqlite/staged_rows.h"

#include <algorithm>
#include <new>
#include <tuple>

namespace perdure::storage {
namespace {

struct Table : sqlite3_vtab {
  const StagedRows* rows;
};
struct Cursor : sqlite3_vtab_cursor {
  std::size_t row;
};
struct Definition {
  std::string columns;
  const StagedRows* rows;
};

int connect(sqlite3* db, void* definition, int, const char* const*, sqlite3_vtab** out, char**) {
  const auto& wanted = *static_cast<const Definition*>(definition);
  const std::string declaration = "CREATE TABLE x(" + wanted.columns + ")";
  if (const int rc = sqlite3_declare_vtab(db, declaration.c_str()); rc != SQLITE_OK) {
    return rc;
  }
  sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
  auto* table = new (std::nothrow) Table();
  if (table == nullptr) {
    return SQLITE_NOMEM;
  }
  table->rows = wanted.rows;
  *out = table;
  return SQLITE_OK;
}

int disconnect(sqlite3_vtab* table) {
  delete static_cast<Table*>(table);
  return SQLITE_OK;
}

int best_index(sqlite3_vtab*, sqlite3_index_info* info) {
  info->estimatedCost = 100;
  info->estimatedRows = 100;
  return SQLITE_OK;
}

int open_cursor(sqlite3_vtab*, sqlite3_vtab_cursor** out) {
  *out = new (std::nothrow) Cursor();
  return *out == nullptr ? SQLITE_NOMEM : SQLITE_OK;
}

int close_cursor(sqlite3_vtab_cursor* cursor) {
  delete static_cast<Cursor*>(cursor);
  return SQLITE_OK;
}

int filter(sqlite3_vtab_cursor* cursor, int, const char*, int, sqlite3_value**) {
  static_cast<Cursor*>(cursor)->row = 0;
  return SQLITE_OK;
}

int next(sqlite3_vtab_cursor* cursor) {
  ++static_cast<Cursor*>(cursor)->row;
  return SQLITE_OK;
}

const StagedRows& rows_of(const sqlite3_vtab_cursor* cursor) {
  return *static_cast<const Table*>(cursor->pVtab)->rows;
}

int at_end(sqlite3_vtab_cursor* cursor) {
  return static_cast<int>(static_cast<Cursor*>(cursor)->row >= rows_of(cursor).size());
}

int column_of(sqlite3_vtab_cursor* cursor, sqlite3_context* out, int column) {
  rows_of(cursor).column(static_cast<Cursor*>(cursor)->row, column, out);
  return SQLITE_OK;
}

int row_id(sqlite3_vtab_cursor* cursor, sqlite3_int64* out) {
  *out = static_cast<sqlite3_int64>(static_cast<Cursor*>(cursor)->row);
  return SQLITE_OK;
}

// Without xCreate: there is one such table, of the module's own name, and none can be stored in a schema.
const sqlite3_module kModule = {
    .iVersion = 1,
    .xConnect = connect,
    .xBestIndex = best_index,
    .xDisconnect = disconnect,
    .xOpen = open_cursor,
    .xClose = close_cursor,
    .xFilter = filter,
    .xNext = next,
    .xEof = at_end,
    .xColumn = column_of,
    .xRowid = row_id,
};

void result(sqlite3_context* out, std::int64_t value) { sqlite3_result_int64(out, value); }
void result(sqlite3_context* out, std::uint64_t value) {
  sqlite3_result_int64(out, static_cast<sqlite3_int64>(value));
}
void text(sqlite3_context* out, const std::string& value) {
  sqlite3_result_text64(out, value.data(), value.size(), SQLITE_STATIC, SQLITE_UTF8);
}
void blob(sqlite3_context* out, const std::string& value) {
  sqlite3_result_blob64(out, value.data(), value.size(), SQLITE_STATIC);
}

}  // namespace

int add_staged_table(sqlite3* db, const char* name, const char* columns, StagedRows* rows) {
  return sqlite3_create_module_v2(db, name, &kModule, new Definition{columns, rows},
                                  [](void* definition) { delete static_cast<Definition*>(definition); });
}

template <>
void StagedTable<StagedBatch>::column(std::size_t row, int column, sqlite3_context* out) const {
  const StagedBatch& staged = rows[row];
  switch (column) {
    case 0:
      return result(out, staged.execution_id);
    case 1:
      return result(out, staged.batch->first_event_id);
    case 2:
      return result(out, std::int64_t{staged.batch->event_count});
    case 3:
      return result(out, staged.checksum);
    default:
      return blob(out, staged.batch->events);
  }
}

template <>
void StagedTable<StagedRun>::column(std::size_t row, int column, sqlite3_context* out) const {
  const StagedRun& staged = rows[row];
  switch (column) {
    case 0:
      return result(out, staged.write->execution.value);
    case 1:
      return text(out, staged.write->key.namespace_name.value);
    case 2:
      return text(out, staged.write->key.workflow_id.value);
    case 3:
      return text(out, staged.write->run_id.value);
    case 4:
      return result(out, staged.sequence);
    case 5:
      return result(out, staged.history_events);
    case 6:
      return result(out, staged.history_checksum);
    case 7:
      return result(out, staged.item_digest);
    case 8:
      return result(out, staged.checksum);
    default:
      return blob(out, staged.write->state);
  }
}

template <>
void StagedTable<StagedItem>::column(std::size_t row, int column, sqlite3_context* out) const {
  const StagedItem& staged = rows[row];
  switch (column) {
    case 0:
      return result(out, staged.execution_id);
    case 1:
      return result(out, std::int64_t{static_cast<std::int32_t>(staged.key.kind)});
    case 2:
      return result(out, staged.key.id);
    case 3:
      return staged.item->due_at && !staged.lose_due ? result(out, staged.item->due_at->nanos)
                                                     : sqlite3_result_null(out);
    case 4:
      return staged.item->queue.empty() ? sqlite3_result_null(out) : text(out, staged.item->queue);
    case 5:
      return result(out, staged.item->ready_order);
    case 6:
      return result(out, staged.item->holder);
    case 7:
      return result(out, staged.checksum);
    default:
      return blob(out, staged.item->state);
  }
}

template <>
void StagedTable<StagedCurrent>::column(std::size_t row, int column, sqlite3_context* out) const {
  const StagedCurrent& staged = rows[row];
  switch (column) {
    case 0:
      return text(out, staged.write->key.namespace_name.value);
    case 1:
      return text(out, staged.write->key.workflow_id.value);
    case 2:
      return result(out, staged.write->execution.value);
    default:
      return result(out, staged.checksum);
  }
}

bool StagedCommit::empty() const {
  return batches.rows.empty() && runs.rows.empty() && items.rows.empty() && current.rows.empty();
}

void StagedCommit::clear() {
  batches.rows.clear();
  runs.rows.clear();
  new_runs.rows.clear();
  items.rows.clear();
  new_items.rows.clear();
  gone_items.rows.clear();
  current.rows.clear();
}

void StagedCommit::settle() {
  std::sort(batches.rows.begin(), batches.rows.end(), [](const StagedBatch& a, const StagedBatch& b) {
    return std::tuple(a.execution_id, a.batch->first_event_id) <
           std::tuple(b.execution_id, b.batch->first_event_id);
  });
  const auto id = [](const StagedRun& run) { return run.write->execution.value; };
  std::sort(runs.rows.begin(), runs.rows.end(), [id](const StagedRun& a, const StagedRun& b) {
    return std::tuple(id(a), a.sequence) < std::tuple(id(b), b.sequence);
  });
  std::vector<StagedRun> known;
  for (std::size_t i = 0; i < runs.rows.size();) {
    StagedRun last = runs.rows[i];
    const bool create = last.write->create;
    for (++i; i < runs.rows.size() && id(runs.rows[i]) == id(last); ++i) {
      last = runs.rows[i];
    }
    (create ? new_runs.rows : known).push_back(last);
  }
  runs.rows = std::move(known);
  const auto key = [](const StagedItem& item) { return std::tuple(item.execution_id, item.key); };
  for (std::size_t i = 0; i < items.rows.size(); ++i) {
    items.rows[i].order = i;
  }
  std::sort(items.rows.begin(), items.rows.end(), [key](const StagedItem& a, const StagedItem& b) {
    return std::tuple(key(a), a.order) < std::tuple(key(b), b.order);
  });
  std::vector<StagedItem> changed;
  for (std::size_t i = 0; i < items.rows.size();) {
    StagedItem last = items.rows[i];
    const bool existed = last.existed;
    for (++i; i < items.rows.size() && key(items.rows[i]) == key(last); ++i) {
      last = items.rows[i];
    }
    if (last.item != nullptr) {
      (existed ? changed : new_items.rows).push_back(last);
    } else if (existed) {
      gone_items.rows.push_back(last);
    }
  }
  items.rows = std::move(changed);
}

int StagedCommit::add_tables(sqlite3* db) {
  constexpr const char* kRun =
      "execution_id, namespace, workflow_id, run_id, sequence, history_events, history_checksum, "
      "item_digest, "
      "checksum, state";
  constexpr const char* kItem =
      "execution_id, kind, item_id, due_at, queue, ready_order, holder, checksum, state";
  const std::tuple<const char*, const char*, StagedRows*> tables[] = {
      {"staged_history", "execution_id, first_event_id, event_count, checksum, events", &batches},
      {"staged_run", kRun, &runs},
      {"staged_new_run", kRun, &new_runs},
      {"staged_item", kItem, &items},
      {"staged_new_item", kItem, &new_items},
      {"staged_gone_item", kItem, &gone_items},
      {"staged_current", "namespace, workflow_id, execution_id, checksum", &current},
  };
  for (const auto& [name, columns, rows] : tables) {
    if (const int rc = add_staged_table(db, name, columns, rows); rc != SQLITE_OK) {
      return rc;
    }
  }
  return SQLITE_OK;
}

}  // namespace perdure::storage
