#include <utility>

#include "storage/sqlite/sqlite_store.h"

namespace perdure::storage {
namespace {

constexpr const char* kUpdateCommitState =
    "UPDATE commit_state SET last_sequence=?, last_time=?, incarnation=?, next_execution_id=?, chain=?, "
    "run_count=?,"
    " item_count=?, batch_count=?, run_digest=?, checksum=? WHERE id=1";
// Rows that may stand in the way are ruled out before (RunHead), so a conflict ends the transaction; saying
// so spares SQLite a journal of the statement's own.
constexpr const char* kInsertRuns =
    "INSERT OR ROLLBACK INTO run(execution_id, namespace, workflow_id, run_id, sequence, history_events, "
    "history_checksum, item_digest, checksum, state)"
    " SELECT execution_id, namespace, workflow_id, run_id, sequence, history_events, history_checksum, "
    "item_digest, checksum, state FROM staged_new_run";
constexpr const char* kUpdateRuns =
    "INSERT OR ROLLBACK INTO run(execution_id, namespace, workflow_id, run_id, sequence, history_events, "
    "history_checksum, item_digest, checksum, state)"
    " SELECT execution_id, namespace, workflow_id, run_id, sequence, history_events, history_checksum, "
    "item_digest, checksum, state FROM staged_run WHERE true"
    " ON CONFLICT(execution_id) DO UPDATE SET sequence=excluded.sequence, "
    "history_events=excluded.history_events, history_checksum=excluded.history_checksum, "
    "item_digest=excluded.item_digest, checksum=excluded.checksum, state=excluded.state";
constexpr const char* kInsertItems =
    "INSERT OR ROLLBACK INTO item(execution_id, kind, item_id, due_at, queue, ready_order, holder, checksum, "
    "state)"
    " SELECT execution_id, kind, item_id, due_at, queue, ready_order, holder, checksum, state FROM "
    "staged_new_item";
constexpr const char* kUpdateItems =
    "INSERT OR ROLLBACK INTO item(execution_id, kind, item_id, due_at, queue, ready_order, holder, checksum, "
    "state)"
    " SELECT execution_id, kind, item_id, due_at, queue, ready_order, holder, checksum, state FROM "
    "staged_item WHERE true"
    " ON CONFLICT(execution_id, kind, item_id) DO UPDATE SET due_at=excluded.due_at, queue=excluded.queue, "
    "ready_order=excluded.ready_order, holder=excluded.holder, checksum=excluded.checksum, "
    "state=excluded.state";
constexpr const char* kReadCommitState =
    "SELECT last_sequence, last_time, incarnation, next_execution_id, chain, run_count, item_count, "
    "batch_count,"
    " run_digest, checksum FROM commit_state WHERE id=1";
constexpr const char* kReadRun =
    "SELECT namespace, workflow_id, run_id, sequence, history_events, history_checksum, item_digest, "
    "checksum, state"
    " FROM run WHERE execution_id=?";
constexpr const char* kReadItems =
    "SELECT kind, item_id, due_at, queue, ready_order, holder, checksum, state FROM item WHERE execution_id=?"
    " ORDER BY kind, item_id";
// Each index is named: a plan that does not use it would be right and slow, and nobody would notice.
constexpr const char* kReadBatchStarts =
    "SELECT first_event_id, checksum FROM history INDEXED BY history_by_event"
    " WHERE execution_id=? AND first_event_id<=? ORDER BY first_event_id DESC LIMIT 2";
constexpr const char* kReadBatches =
    "SELECT first_event_id, event_count, checksum, events FROM history INDEXED BY history_by_event"
    " WHERE execution_id=? AND first_event_id>=? ORDER BY first_event_id";
constexpr const char* kReadLastBatch =
    "SELECT first_event_id, event_count, checksum FROM history INDEXED BY history_by_event"
    " WHERE execution_id=? ORDER BY first_event_id DESC LIMIT 1";
constexpr const char* kReadDue =
    "SELECT execution_id, kind, item_id, due_at FROM item INDEXED BY item_by_due WHERE due_at IS NOT NULL"
    " AND due_at<=? ORDER BY due_at, execution_id, kind, item_id LIMIT ?";
constexpr const char* kReadQueue =
    "SELECT execution_id, kind, item_id, ready_order FROM item INDEXED BY item_by_queue WHERE queue=?"
    " AND (ready_order, execution_id, kind, item_id) > (?,?,?,?)"
    " ORDER BY ready_order, execution_id, kind, item_id LIMIT ?";
constexpr const char* kReadOrphans =
    "SELECT execution_id, kind, item_id, due_at FROM item INDEXED BY item_by_holder WHERE holder!=0 AND "
    "holder!=?"
    " ORDER BY holder, execution_id, kind, item_id LIMIT ?";
constexpr const char* kListRuns =
    "SELECT r.execution_id, r.namespace, r.workflow_id, r.run_id, r.sequence, r.history_events, "
    "r.history_checksum,"
    " r.item_digest, r.checksum, r.state, c.execution_id IS r.execution_id,"
    " (SELECT count(*) FROM item i WHERE i.execution_id=r.execution_id)"
    " FROM run r LEFT JOIN current_run c ON c.namespace=r.namespace AND c.workflow_id=r.workflow_id"
    " WHERE r.execution_id>? ORDER BY r.execution_id LIMIT ?";

}  // namespace

Status Statements::prepare(sqlite3* db) {
  const std::pair<Statement*, const char*> all[] = {
      {&begin, "BEGIN IMMEDIATE"},
      {&commit, "COMMIT"},
      {&rollback, "ROLLBACK"},
      {&read_meta, "SELECT key, value, checksum FROM meta ORDER BY key"},
      {&put_meta, "INSERT OR REPLACE INTO meta(key, value, checksum) VALUES(?,?,?)"},
      {&read_commit_state, kReadCommitState},
      {&write_commit_state, kUpdateCommitState},
      {&insert_runs, kInsertRuns},
      {&update_runs, kUpdateRuns},
      {&insert_batches,
       "INSERT OR ROLLBACK INTO history(execution_id, first_event_id, event_count, checksum, events)"
       " SELECT execution_id, first_event_id, event_count, checksum, events FROM staged_history"},
      {&insert_items, kInsertItems},
      {&update_items, kUpdateItems},
      {&delete_items,
       "DELETE FROM item WHERE (execution_id, kind, item_id) IN (SELECT execution_id, kind, item_id FROM"
       " staged_gone_item)"},
      {&put_current,
       "INSERT OR REPLACE INTO current_run(namespace, workflow_id, execution_id, checksum)"
       " SELECT namespace, workflow_id, execution_id, checksum FROM staged_current"},
      {&find_current, "SELECT execution_id, checksum FROM current_run WHERE namespace=? AND workflow_id=?"},
      {&find_any_run,
       "SELECT execution_id FROM run INDEXED BY run_by_name WHERE namespace=? AND workflow_id=? LIMIT 1"},
      {&find_run,
       "SELECT execution_id FROM run INDEXED BY run_by_name WHERE namespace=? AND workflow_id=? AND "
       "run_id=?"},
      {&read_run, kReadRun},
      {&read_items, kReadItems},
      {&read_last_batch, kReadLastBatch},
      {&read_batch_starts, kReadBatchStarts},
      {&read_batches, kReadBatches},
      {&any_row_of_run,
       "SELECT EXISTS(SELECT 1 FROM item WHERE execution_id=?1)"
       " OR EXISTS(SELECT 1 FROM history WHERE execution_id=?1)"},
      {&next_due,
       "SELECT due_at FROM item INDEXED BY item_by_due WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1"},
      {&read_due, kReadDue},
      {&read_queue, kReadQueue},
      {&read_orphans, kReadOrphans},
      {&list_runs, kListRuns},
  };
  for (const auto& [statement, text] : all) {
    if (Status status = statement->prepare(db, text); !status.ok()) {
      return status;
    }
  }
  return Status();
}

}  // namespace perdure::storage
