#pragma once
// Names and the table layout of a state directory, format version 1. Described in docs/internals/schema.md.
#include <cstdint>
#include <string_view>

namespace perdure::storage {

inline constexpr std::string_view kDatabaseFile = "perdure.sqlite";
inline constexpr std::string_view kMarkFile = "durable-mark";
inline constexpr std::string_view kLockFile = "lock";

inline constexpr std::int32_t kApplicationId = 0x50657244;  // "PerD"
inline constexpr std::int32_t kFormatVersion = 1;
inline constexpr int kPageSize = 4096;
inline constexpr int kPageReserve = 8;  // at the end of each page: its checksum, see checked_vfs.h

// Keys of the table meta that are records of the service, see Storage::put_record().
inline constexpr std::string_view kRecordPrefix = "record/";

// The state comes last in a row, so that reading the other columns never follows it onto overflow pages.
// Items are clustered by run: one is loaded with all of its items, and their number is bounded by what is
// pending.
inline constexpr const char* kSchema = R"sql(
CREATE TABLE meta(
  key TEXT PRIMARY KEY, value BLOB NOT NULL, checksum INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE commit_state(
  id INTEGER PRIMARY KEY CHECK (id = 1), last_sequence INTEGER NOT NULL, last_time INTEGER NOT NULL,
  incarnation INTEGER NOT NULL, next_execution_id INTEGER NOT NULL, chain INTEGER NOT NULL,
  run_count INTEGER NOT NULL, item_count INTEGER NOT NULL, batch_count INTEGER NOT NULL,
  run_digest INTEGER NOT NULL, checksum INTEGER NOT NULL);
CREATE TABLE run(
  execution_id INTEGER PRIMARY KEY, namespace TEXT NOT NULL, workflow_id TEXT NOT NULL, run_id TEXT NOT NULL,
  sequence INTEGER NOT NULL, history_events INTEGER NOT NULL, history_checksum INTEGER NOT NULL,
  item_digest INTEGER NOT NULL, checksum INTEGER NOT NULL, state BLOB NOT NULL);
CREATE UNIQUE INDEX run_by_name ON run(namespace, workflow_id, run_id);
CREATE TABLE current_run(
  namespace TEXT NOT NULL, workflow_id TEXT NOT NULL, execution_id INTEGER NOT NULL, checksum INTEGER NOT NULL,
  PRIMARY KEY (namespace, workflow_id)) WITHOUT ROWID;
CREATE TABLE history(
  execution_id INTEGER NOT NULL, first_event_id INTEGER NOT NULL, event_count INTEGER NOT NULL,
  checksum INTEGER NOT NULL, events BLOB NOT NULL);
CREATE UNIQUE INDEX history_by_event ON history(execution_id, first_event_id);
CREATE TABLE item(
  execution_id INTEGER NOT NULL, kind INTEGER NOT NULL, item_id INTEGER NOT NULL, due_at INTEGER, queue TEXT,
  ready_order INTEGER NOT NULL, holder INTEGER NOT NULL, checksum INTEGER NOT NULL, state BLOB NOT NULL,
  PRIMARY KEY (execution_id, kind, item_id)) WITHOUT ROWID;
CREATE INDEX item_by_due ON item(due_at, execution_id, kind, item_id) WHERE due_at IS NOT NULL;
CREATE INDEX item_by_queue ON item(queue, ready_order, execution_id, kind, item_id) WHERE queue IS NOT NULL;
CREATE INDEX item_by_holder ON item(holder, execution_id, kind, item_id) WHERE holder != 0;
)sql";

}  // namespace perdure::storage
