#pragma once
// Rows in memory that SQL statements can read like a table: what a commit writes goes into each table by one
// statement for all of its rows, as preparing and ending a statement costs more than writing a row. One
// thread at a time.
#include <sqlite3.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/record.h"

namespace perdure::storage {

// A table of the connection's own that is nowhere stored (SQLite: an eponymous virtual table).
class StagedRows {
 public:
  virtual ~StagedRows() = default;
  virtual std::size_t size() const = 0;
  // Hands the value to `out`; it lives until the rows change.
  virtual void column(std::size_t row, int column, sqlite3_context* out) const = 0;
};

// `rows` outlives the connection; `columns`: their names, with commas. An SQLite result code.
int add_staged_table(sqlite3* db, const char* name, const char* columns, StagedRows* rows);

struct StagedBatch {
  std::int64_t execution_id = 0;
  const HistoryBatch* batch = nullptr;
  std::uint64_t checksum = 0;
};
struct StagedRun {
  const RunWrite* write = nullptr;
  std::int64_t sequence = 0;
  std::int64_t history_events = 0;
  std::uint64_t history_checksum = 0;
  std::uint64_t item_digest = 0;
  std::uint64_t checksum = 0;
};
struct StagedItem {
  std::int64_t execution_id = 0;
  ItemKey key;
  const Item* item = nullptr;  // null: erased
  bool existed = false;        // the table has a row for it
  bool lose_due = false;       // a planted bug
  std::uint64_t checksum = 0;
  std::size_t order = 0;  // settle()'s own
};
struct StagedCurrent {
  const RunWrite* write = nullptr;
  std::uint64_t checksum = 0;
};

template <class Row>
class StagedTable final : public StagedRows {
 public:
  std::vector<Row> rows;

  std::size_t size() const override { return rows.size(); }
  void column(std::size_t row, int column, sqlite3_context* out) const override;
};

// What the transitions of one commit write, until it goes to the tables. Points into the transitions.
struct StagedCommit {
  StagedTable<StagedBatch> batches;
  StagedTable<StagedRun> runs;      // as they come; settle() leaves those that the table has
  StagedTable<StagedRun> new_runs;  // by settle()
  StagedTable<StagedItem> items;
  StagedTable<StagedItem> new_items;
  StagedTable<StagedItem> gone_items;
  StagedTable<StagedCurrent> current;

  bool empty() const;
  void clear();
  // Leaves the last word on each row, in the order of the tables' keys.
  void settle();
  int add_tables(sqlite3* db);
};

}  // namespace perdure::storage
