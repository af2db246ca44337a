// Committing: every transition of a batch in one SQLite transaction, one sync for all of them.
#include <fmt/format.h>

#include <algorithm>

#include "base/planted.h"
#include "storage/sqlite/errors.h"
#include "storage/sqlite/schema.h"
#include "storage/sqlite/sqlite_store.h"

namespace perdure::storage {
namespace {

using HeadItem = std::pair<ItemKey, std::uint64_t>;

std::vector<HeadItem>::iterator find_item(RunHead& head, ItemKey key) {
  return std::lower_bound(head.items.begin(), head.items.end(), key,
                          [](const HeadItem& item, ItemKey wanted) { return item.first < wanted; });
}

int run_once(Statement& statement) {
  Statement::Scope scope(statement);
  return statement.run();
}

}  // namespace

RunHead* RunHeadCache::find(std::int64_t execution_id) {
  if (const auto found = young_.find(execution_id); found != young_.end()) {
    return &found->second;
  }
  const auto found = old_.find(execution_id);
  if (found == old_.end()) {
    return nullptr;
  }
  RunHead head = std::move(found->second);
  old_.erase(found);
  return &put(execution_id, std::move(head));
}

RunHead& RunHeadCache::put(std::int64_t execution_id, RunHead head) {
  if (young_.size() >= kGeneration) {
    old_ = std::move(young_);
    young_.clear();
  }
  return young_.insert_or_assign(execution_id, std::move(head)).first->second;
}

void RunHeadCache::clear() {
  young_.clear();
  old_.clear();
}

void SqliteStore::commit(std::vector<Transition> transitions, std::function<void(Status)> done) {
  std::int64_t sequence = totals_.last_sequence;
  std::int64_t time = totals_.last_time;
  for (const Transition& transition : transitions) {
    check(transition.sequence == ++sequence, "sequences of transitions have no gap");
    check(transition.now.nanos >= time, "the time of transitions never goes back");
    time = transition.now.nanos;
  }
  Status status;
  try {
    status = keep(transitions);
  } catch (const CheckFailure& failure) {
    status = roll_back(
        internal_error(fmt::format("a transition is not one that can be kept: {}", failure.what())));
  }
  done(status);
  if (status.ok() && refusal_.ok()) {
    after_commit();  // not part of the commit: nobody has to wait for it
  }
}

Status SqliteStore::keep(const std::vector<Transition>& transitions) {
  if (!refusal_.ok() || transitions.empty()) {
    return refusal_;
  }
  if (options_.read_only) {
    return failed_precondition(fmt::format("'{}' is open for reading only", options_.directory));
  }
  if (const int rc = run_once(sql_.begin); rc != SQLITE_OK) {
    return abandon_commit(rc);
  }
  CommitColumns totals = totals_;
  for (const Transition& transition : transitions) {
    if (Status status = apply(transition, totals); !status.ok()) {
      return roll_back(std::move(status));
    }
  }
  if (Status status = write_staged(); !status.ok()) {
    return roll_back(std::move(status));
  }
  if (Status status = write_commit_state(totals); !status.ok()) {
    return roll_back(std::move(status));
  }
  if (const int rc = run_once(sql_.commit); rc != SQLITE_OK) {
    return abandon_commit(rc);
  }
  totals_ = totals;
  info_.last_sequence = totals.last_sequence;
  info_.last_time = Timestamp{totals.last_time};
  info_.next_execution_id = totals.next_execution_id;
  return Status();
}

Status SqliteStore::put_record(const std::string& key, const std::string& value) {
  const std::string stored = std::string(kRecordPrefix) + key;
  if (!refusal_.ok()) {
    return refusal_;
  }
  if (options_.read_only) {
    return failed_precondition(fmt::format("'{}' is open for reading only", options_.directory));
  }
  if (const int rc = run_once(sql_.begin); rc != SQLITE_OK) {
    return abandon_commit(rc);
  }
  {
    Statement::Scope scope(sql_.put_meta);
    sql_.put_meta.bind_text(stored).bind_blob(value).bind_checksum(sum_.meta(stored, value));
    if (const int rc = sql_.put_meta.run(); rc != SQLITE_OK) {
      return abandon_commit(rc);
    }
  }
  if (const int rc = run_once(sql_.commit); rc != SQLITE_OK) {
    return abandon_commit(rc);
  }
  info_.records[key] = value;
  after_commit();
  return Status();
}

Status SqliteStore::apply(const Transition& transition, CommitColumns& totals) {
  totals.chain = sum_.transition(totals.chain, transition.sequence, transition.now.nanos);
  for (const RunWrite& write : transition.writes) {
    if (Status status = apply_write(write, transition.sequence, totals); !status.ok()) {
      return status;
    }
  }
  totals.last_sequence = transition.sequence;
  totals.last_time = transition.now.nanos;
  return Status();
}

Status SqliteStore::apply_write(const RunWrite& write, std::int64_t sequence, CommitColumns& totals) {
  const std::int64_t id = write.execution.value;
  RunHead* head = nullptr;
  if (write.create) {
    check(id > 0, "a new run has an execution id");
    head = &heads_.put(id, RunHead{});
  } else {
    if (heads_.find(id) ==
        nullptr) {  // then the tables are read, and have to say what this commit did so far
      if (Status status = write_staged(); !status.ok()) {
        return status;
      }
    }
    auto known = head_of(id);
    if (!known.ok()) {
      return known.status();
    }
    head = *known;
  }
  const std::uint64_t name = sum_.run_name(write.key, write.run_id);
  check(write.create || head->name == name, "a run keeps its workflow id and run id");
  head->name = name;
  append_history(write, *head, totals);
  stage_items(write, *head, totals);
  if (planted(PlantedBug::kTornTransition)) {
    if (Status status = write_staged(); !status.ok()) {
      return status;
    }
    run_once(sql_.commit);
    run_once(sql_.begin);
  }
  stage_run(write, sequence, *head, totals);
  if (write.make_current) {
    staged_.current.rows.push_back({&write, sum_.current_run(write.key, id)});
  }
  totals.chain = sum_.transition_write(totals.chain, id, head->checksum);
  return Status();
}

void SqliteStore::append_history(const RunWrite& write, RunHead& head, CommitColumns& totals) {
  for (const HistoryBatch& batch : write.append) {
    check(batch.first_event_id == head.history_events + 1, "event ids of a run have no gap");
    check(batch.event_count > 0, "a history batch has events");
    const std::int64_t id = write.execution.value;
    head.history_checksum =
        sum_.batch(head.history_checksum, id, batch.first_event_id, batch.event_count, batch.events);
    head.history_events += batch.event_count;
    totals.batch_count += 1;
    staged_.batches.rows.push_back({id, &batch, head.history_checksum});
  }
}

// Erases first: a write that names a key in both lists replaces that item.
void SqliteStore::stage_items(const RunWrite& write, RunHead& head, CommitColumns& totals) {
  const std::int64_t id = write.execution.value;
  for (const ItemKey key : write.erase) {
    const auto at = find_item(head, key);
    if (at == head.items.end() || at->first != key) {
      continue;  // it came and went within the transition
    }
    head.item_digest -= at->second;
    head.items.erase(at);
    totals.item_count -= 1;
    staged_.items.rows.push_back({.execution_id = id, .key = key, .existed = true});
  }
  for (const Item& wanted : write.upsert) {
    Item without_due;
    const bool lose_due = planted(PlantedBug::kMissingDueIndexEntry) && wanted.key.kind == ItemKind::kTimer;
    if (lose_due) {
      without_due = wanted;
      without_due.due_at.reset();
    }
    const std::uint64_t checksum = sum_.item(id, lose_due ? without_due : wanted);
    const auto at = find_item(head, wanted.key);
    const bool known = at != head.items.end() && at->first == wanted.key;
    if (known) {
      head.item_digest -= at->second;
      at->second = checksum;
    } else {
      head.items.insert(at, {wanted.key, checksum});
      totals.item_count += 1;
    }
    head.item_digest += checksum;
    staged_.items.rows.push_back({.execution_id = id,
                                  .key = wanted.key,
                                  .item = &wanted,
                                  .existed = known,
                                  .lose_due = lose_due,
                                  .checksum = checksum});
  }
}

void SqliteStore::stage_run(const RunWrite& write, std::int64_t sequence, RunHead& head,
                            CommitColumns& totals) {
  const RunColumns columns{.execution_id = write.execution.value,
                           .namespace_name = write.key.namespace_name.value,
                           .workflow_id = write.key.workflow_id.value,
                           .run_id = write.run_id.value,
                           .sequence = sequence,
                           .history_events = head.history_events,
                           .history_checksum = head.history_checksum,
                           .item_digest = head.item_digest,
                           .state = write.state};
  const std::uint64_t checksum = sum_.run(columns);
  totals.run_digest += checksum - (write.create ? 0 : head.checksum);
  head.checksum = checksum;
  if (write.create) {
    totals.run_count += 1;
    totals.next_execution_id = std::max(totals.next_execution_id, columns.execution_id + 1);
  }
  staged_.runs.rows.push_back({.write = &write,
                               .sequence = sequence,
                               .history_events = head.history_events,
                               .history_checksum = head.history_checksum,
                               .item_digest = head.item_digest,
                               .checksum = checksum});
}

// What was staged goes to the tables, each by one statement.
Status SqliteStore::write_staged() {
  if (staged_.empty()) {
    return Status();
  }
  staged_.settle();
  struct Step {
    const StagedRows& rows;
    Statement& statement;
    const char* doing;
  };
  const Step steps[] = {{staged_.batches, sql_.insert_batches, "write the table history"},
                        {staged_.gone_items, sql_.delete_items, "delete from the table item"},
                        {staged_.items, sql_.update_items, "write the table item"},
                        {staged_.new_items, sql_.insert_items, "write the table item"},
                        {staged_.new_runs, sql_.insert_runs, "write the table run"},
                        {staged_.runs, sql_.update_runs, "write the table run"},
                        {staged_.current, sql_.put_current, "write the table current_run"}};
  Status status;
  for (const Step& step : steps) {
    const int rc = status.ok() && step.rows.size() != 0 ? run_once(step.statement) : SQLITE_OK;
    status = rc == SQLITE_OK ? status : failed(rc, step.doing);
  }
  staged_.clear();
  return status;
}

Status SqliteStore::write_commit_state(const CommitColumns& totals) {
  Statement& row = sql_.write_commit_state;
  Statement::Scope scope(row);
  row.bind(totals.last_sequence)
      .bind(totals.last_time)
      .bind(totals.incarnation)
      .bind(totals.next_execution_id);
  row.bind_checksum(totals.chain).bind(totals.run_count).bind(totals.item_count).bind(totals.batch_count);
  row.bind_checksum(totals.run_digest).bind_checksum(sum_.commit_state(totals));
  const int rc = row.run();
  return rc == SQLITE_OK ? Status() : failed(rc, "write the table commit_state");
}

// Nothing of the batch stays. After a full disk the store goes on; after anything else it must not: a later
// write could make durable what was reported as lost, or hide what was acknowledged.
Status SqliteStore::roll_back(Status reason) {
  heads_.clear();
  staged_.clear();
  int rc = SQLITE_OK;
  if (sqlite3_get_autocommit(db_.get()) == 0) {
    rc = run_once(sql_.rollback);
  }
  if (reason.code() != Code::kResourceExhausted || rc != SQLITE_OK) {
    refusal_ = reason.code() == Code::kResourceExhausted ? failed(rc, "roll back a commit") : reason;
  }
  return reason;
}

Status SqliteStore::abandon_commit(int result_code) {
  return roll_back(failed(result_code, fmt::format("commit to '{}'", options_.directory)));
}

// Work that follows a commit without being part of it. A full disk is no harm here: the log stays as it is,
// and the mark names an earlier commit.
void SqliteStore::after_commit() {
  if (++commits_since_mark_ >= options_.mark_interval) {
    commits_since_mark_ = 0;
    if (Status status = mark_->write_lazy(totals_.last_sequence);
        !status.ok() && status.code() != Code::kResourceExhausted) {
      refusal_ = status;
      return;
    }
  }
  if (log_pages_ < checkpoint_at_) {
    return;
  }
  const Status status = checkpoint(SQLITE_CHECKPOINT_PASSIVE);
  if (status.ok()) {
    checkpoint_at_ = options_.checkpoint_pages;
  } else if (status.code() == Code::kResourceExhausted) {
    checkpoint_at_ = log_pages_ + options_.checkpoint_pages;
  } else {
    refusal_ = status;
  }
}

Status SqliteStore::checkpoint(int mode) {
  const int rc = sqlite3_wal_checkpoint_v2(db_.get(), "main", mode, nullptr, nullptr);
  return rc == SQLITE_OK ? Status()
                         : failed(rc, fmt::format("move the write-ahead log of '{}' into its database",
                                                  options_.directory));
}

Status SqliteStore::close() {
  Status status = refusal_;
  if (status.ok() && !options_.read_only) {
    status = checkpoint(SQLITE_CHECKPOINT_TRUNCATE);
    if (status.ok()) {
      status = mark_->write_anchor(MarkState::kClean, totals_.incarnation, totals_.last_sequence);
    }
  }
  if (status.ok() && remove_log_) {
    // With an empty log this only removes its file.
    sqlite3_db_config(db_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
  }
  sql_ = Statements();
  db_.reset();
  mark_.reset();
  lock_.reset();
  return status;
}

}  // namespace perdure::storage
