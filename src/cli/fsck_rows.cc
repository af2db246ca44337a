// The rows: every checksum derived again, every invariant between rows checked.
#include <fmt/format.h>
#include <xxhash.h>

#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "cli/fsck_parts.h"
#include "perdure/state/v1/state.pb.h"
#include "temporal/api/enums/v1/event_type.pb.h"
#include "temporal/api/enums/v1/workflow.pb.h"
#include "temporal/api/history/v1/message.pb.h"

namespace perdure::cli {
namespace {

namespace enums = temporal::api::enums::v1;

constexpr std::int64_t kApplicationId = 0x50657244;
constexpr std::int64_t kFormat = 1;
constexpr std::int64_t kKinds = 13;  // of items, from 1
// Kinds that a closed run may have: dedup of signals, updates, and what it has to tell its parent and its children.
bool is_kept_after_close(std::int64_t kind) { return kind == 7 || kind == 8 || kind == 12 || kind == 13; }

struct Totals {
  std::int64_t runs = 0, items = 0, batches = 0;
  std::uint64_t run_digest = 0;
  std::int64_t last_execution = 0;
};

// What a workflow id's runs add up to.
struct Workflow {
  std::int64_t newest = 0;
  int open_runs = 0;
};
using WorkflowName = std::pair<std::string, std::string>;

class RowCheck {
 public:
  RowCheck(sqlite3* db, FsckReport& report) : db_(db), report_(report) {}

  void run(const MarkSummary& mark) {
    integrity();
    identity();
    runs();
    strays("history");
    strays("item");
    current();
    commit_state(mark);
  }

 private:
  template <class... Args>
  void finding(fmt::format_string<Args...> format, Args&&... args) {
    add_finding(report_, fmt::format(format, std::forward<Args>(args)...));
  }

  void integrity() {
    Query query(db_, "PRAGMA integrity_check(20)", report_);
    while (query.next()) {
      if (query.bytes(0) != "ok") {
        finding("SQLite: {}", query.bytes(0));
      }
    }
  }

  void identity() {
    Query application(db_, "PRAGMA application_id", report_);
    if (application.next() && application.integer(0) != kApplicationId) {
      finding("application_id is {}", application.integer(0));
    }
    std::set<std::string> keys;
    Query meta(db_, "SELECT key, value, checksum FROM meta", report_);
    while (meta.next()) {
      const std::string_view key = meta.bytes(0);
      if (key.rfind("record/", 0) != 0) {
        keys.emplace(key);
      }
      if (Encoding('M').bytes(meta.bytes(0)).bytes(meta.bytes(1)).hash() != meta.integer(2)) {
        finding("meta: the row '{}' does not match its checksum", meta.bytes(0));
      }
    }
    if (keys != std::set<std::string>{"created_by", "format", "token_key"}) {
      finding("meta: its rows are not created_by, format, token_key and records");
    }
  }

  void runs() {
    Query query(
        db_,
        "SELECT execution_id, namespace, workflow_id, run_id, sequence, history_events, history_checksum,"
        " item_digest, checksum, state FROM run ORDER BY execution_id",
        report_);
    while (query.next()) {
      const std::int64_t id = query.integer(0);
      ++totals_.runs;
      totals_.run_digest += static_cast<std::uint64_t>(query.integer(8));
      totals_.last_execution = id;
      Encoding row('R');
      row.integer(id)
          .bytes(query.bytes(1))
          .bytes(query.bytes(2))
          .bytes(query.bytes(3))
          .integer(query.integer(4));
      row.integer(query.integer(5)).integer(query.integer(6)).integer(query.integer(7)).bytes(query.bytes(9));
      if (row.hash() != query.integer(8)) {
        finding("run {}: its row does not match its checksum", id);
      }
      const bool open = history(id, query.integer(5), query.integer(6));
      state(id, query.bytes(9), open);
      items(id, query.integer(7), open);
      Workflow& workflow = workflows_[{std::string(query.bytes(1)), std::string(query.bytes(2))}];
      workflow.newest = id;
      workflow.open_runs += open ? 1 : 0;
    }
    for (const auto& [name, workflow] : workflows_) {
      if (workflow.open_runs > 1) {
        finding("workflow id '{}' in '{}' has {} open runs", name.second, name.first, workflow.open_runs);
      }
    }
    report_.runs = totals_.runs;
  }

  // Derives the chain of a run's batches. True if the run is open: its last event closes nothing.
  bool history(std::int64_t id, std::int64_t events, std::int64_t checksum) {
    Query query(
        db_,
        "SELECT first_event_id, event_count, checksum, events FROM history NOT INDEXED WHERE execution_id=?"
        " ORDER BY first_event_id",
        report_);
    query.bind(id);
    std::int64_t next = 1;
    std::int64_t chain = 0;
    bool open = true;
    while (query.next()) {
      ++totals_.batches;
      if (query.integer(0) != next) {
        finding("run {}: its history goes from event {} to event {}", id, next - 1, query.integer(0));
      }
      chain = Encoding('H')
                  .integer(chain)
                  .integer(id)
                  .integer(query.integer(0))
                  .integer(query.integer(1))
                  .bytes(query.bytes(3))
                  .hash();
      if (chain != query.integer(2)) {
        finding("run {}: the batch with event {} does not match its checksum", id, query.integer(0));
        chain = query.integer(2);
      }
      batch(id, query.integer(0), query.integer(1), query.bytes(3), open);
      next = query.integer(0) + query.integer(1);
    }
    if (next != events + 1 || chain != checksum) {
      finding("run {}: its history ends with event {}, its row says {}", id, next - 1, events);
    }
    if (next == 1) {
      finding("run {}: it has no history", id);
    }
    report_.events += next - 1;
    return open;
  }

  void batch(std::int64_t id, std::int64_t first, std::int64_t count, std::string_view bytes, bool& open) {
    temporal::api::history::v1::History history;
    if (!history.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
        history.events_size() != count) {
      finding("run {}: the batch with event {} does not hold {} events", id, first, count);
      return;
    }
    for (const auto& event : history.events()) {
      if (event.event_id() != first) {
        finding("run {}: event {} calls itself {}", id, first, event.event_id());
      }
      if ((first == 1) != (event.event_type() == enums::EVENT_TYPE_WORKFLOW_EXECUTION_STARTED)) {
        finding("run {}: event {} is {}", id, first, enums::EventType_Name(event.event_type()));
      }
      if (!open) {
        finding("run {}: event {} comes after the one that closed it", id, first);
      }
      open = open && !closes(event.event_type());
      ++first;
    }
  }

  static bool closes(enums::EventType type) {
    switch (type) {
      case enums::EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
      case enums::EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
      case enums::EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT:
      case enums::EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED:
      case enums::EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED:
      case enums::EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
        return true;
      default:
        return false;
    }
  }

  void state(std::int64_t id, std::string_view bytes, bool open) {
    perdure::state::v1::ExecutionState parsed;
    if (!parsed.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      finding("run {}: its state cannot be read", id);
    } else if ((parsed.status() == enums::WORKFLOW_EXECUTION_STATUS_RUNNING) != open) {
      finding("run {}: its status is {}, its history says that it is {}", id,
              enums::WorkflowExecutionStatus_Name(parsed.status()), open ? "open" : "closed");
    }
  }

  void items(std::int64_t id, std::int64_t digest, bool open) {
    Query query(db_,
                "SELECT kind, item_id, due_at, queue, ready_order, holder, checksum, state FROM item"
                " WHERE execution_id=?",
                report_);
    query.bind(id);
    std::uint64_t sum = 0;
    while (query.next()) {
      ++totals_.items;
      Encoding row('I');
      row.integer(id).integer(query.integer(0)).integer(query.integer(1));
      row.integer(query.is_null(2) ? 0 : 1).integer(query.integer(2)).bytes(query.bytes(3));
      row.integer(query.integer(4)).integer(query.integer(5)).bytes(query.bytes(7));
      if (row.hash() != query.integer(6)) {
        finding("run {}: item {} of kind {} does not match its checksum", id, query.integer(1),
                query.integer(0));
      }
      sum += static_cast<std::uint64_t>(query.integer(6));
      if (query.integer(0) < 1 || query.integer(0) > kKinds) {
        finding("run {}: item {} is of the unknown kind {}", id, query.integer(1), query.integer(0));
      } else if (!open && !is_kept_after_close(query.integer(0))) {
        finding("run {}: it is closed and still waits for item {} of kind {}", id, query.integer(1),
                query.integer(0));
      }
    }
    if (sum != static_cast<std::uint64_t>(digest)) {
      finding("run {}: its items are not those that its row was written with", id);
    }
  }

  void strays(const char* table) {
    Query query(db_,
                fmt::format("SELECT execution_id, count(*) FROM {} WHERE execution_id NOT IN"
                            " (SELECT execution_id FROM run) GROUP BY execution_id",
                            table),
                report_);
    while (query.next()) {
      finding("run {}: its row is missing, but the table {} has {} rows of it", query.integer(0), table,
              query.integer(1));
    }
  }

  void current() {
    Query query(db_, "SELECT namespace, workflow_id, execution_id, checksum FROM current_run", report_);
    while (query.next()) {
      const WorkflowName name{query.bytes(0), query.bytes(1)};
      if (Encoding('C').bytes(name.first).bytes(name.second).integer(query.integer(2)).hash() !=
          query.integer(3)) {
        finding("current_run: the row of workflow id '{}' does not match its checksum", name.second);
      }
      const auto workflow = workflows_.find(name);
      if (workflow == workflows_.end()) {
        finding("current_run: workflow id '{}' has no run", name.second);
        continue;
      }
      if (workflow->second.newest != query.integer(2)) {
        finding("current_run: workflow id '{}' names run {}, its newest run is {}", name.second,
                query.integer(2), workflow->second.newest);
      }
      workflows_.erase(workflow);
    }
    for (const auto& [name, workflow] : workflows_) {
      finding("current_run: workflow id '{}' has run {} but no current run", name.second, workflow.newest);
    }
  }

  void commit_state(const MarkSummary& mark) {
    Query query(
        db_,
        "SELECT last_sequence, last_time, incarnation, next_execution_id, chain, run_count, item_count,"
        " batch_count, run_digest, checksum FROM commit_state",
        report_);
    if (!query.next()) {
      finding("commit_state: its row is missing");
      return;
    }
    Encoding row('S');
    for (int column = 0; column < 9; ++column) {
      row.integer(query.integer(column));
    }
    if (row.hash() != query.integer(9)) {
      finding("commit_state: its row does not match its checksum");
    }
    report_.last_sequence = query.integer(0);
    report_.items = totals_.items;
    if (query.integer(5) != totals_.runs || query.integer(6) != totals_.items ||
        query.integer(7) != totals_.batches) {
      finding("commit_state: it counts {} runs, {} items, {} history batches; there are {}, {}, {}",
              query.integer(5), query.integer(6), query.integer(7), totals_.runs, totals_.items,
              totals_.batches);
    }
    if (static_cast<std::uint64_t>(query.integer(8)) != totals_.run_digest) {
      finding("commit_state: a run vanished, came back or is an older version of itself");
    }
    if (query.integer(3) <= totals_.last_execution) {
      finding("commit_state: the next run would be number {}, but run {} exists", query.integer(3),
              totals_.last_execution);
    }
    if (mark.sequence > query.integer(0)) {
      finding("the database is behind by {} commits: it ends with {}, durable-mark names {}",
              mark.sequence - query.integer(0), query.integer(0), mark.sequence);
    } else if (mark.closed && mark.sequence < query.integer(0)) {
      finding("durable-mark says that the directory was closed after commit {}, the database ends with {}",
              mark.sequence, query.integer(0));
    }
    if (query.next()) {
      finding("commit_state: it has more than one row");
    }
  }

  sqlite3* db_;
  FsckReport& report_;
  Totals totals_;
  std::map<WorkflowName, Workflow> workflows_;
};

}  // namespace

Encoding& Encoding::integer(std::int64_t value) {
  for (int shift = 0; shift < 64; shift += 8) {
    bytes_.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> shift));
  }
  return *this;
}

Encoding& Encoding::bytes(std::string_view value) {
  integer(static_cast<std::int64_t>(value.size()));
  bytes_.append(value);
  return *this;
}

std::int64_t Encoding::hash() const {
  return static_cast<std::int64_t>(XXH3_64bits(bytes_.data(), bytes_.size()));
}

Query::Query(sqlite3* db, const std::string& sql, FsckReport& report) : db_(db), report_(report), sql_(sql) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(db, sql.c_str(), -1, &raw, nullptr) != SQLITE_OK) {
    add_finding(report_, fmt::format("SQLite: {} in `{}`", sqlite3_errmsg(db), sql));
  }
  statement_.reset(raw);
}

Query& Query::bind(std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), ++bound_, value);
  return *this;
}

bool Query::next() {
  if (statement_ == nullptr) {
    return false;
  }
  const int rc = sqlite3_step(statement_.get());
  if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
    add_finding(report_, fmt::format("SQLite: {} in `{}`", sqlite3_errmsg(db_), sql_));
  }
  return rc == SQLITE_ROW;
}

std::string_view Query::bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return size == 0 ? std::string_view()
                   : std::string_view(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

void check_rows(const std::string& database, const MarkSummary& mark, FsckReport& report) {
  sqlite3* raw = nullptr;
  // For writing only because SQLite wants to lock what it reads; the log stays where it is and nothing is
  // written.
  const int rc =
      sqlite3_open_v2(database.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> db(raw, sqlite3_close_v2);
  std::error_code no_log;
  const auto log_size = std::filesystem::file_size(database + "-wal", no_log);
  const bool keep_log = !no_log && log_size > 0;
  sqlite3_db_config(raw, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep_log ? 1 : 0, nullptr);
  if (rc != SQLITE_OK) {
    add_finding(report, fmt::format("SQLite cannot open the database: {}", sqlite3_errmsg(raw)));
    return;
  }
  char* message = nullptr;
  sqlite3_exec(raw,
               "PRAGMA locking_mode=EXCLUSIVE; PRAGMA query_only=ON; PRAGMA cell_size_check=ON;"
               "PRAGMA trusted_schema=OFF;",
               nullptr, nullptr, &message);
  Query version(raw, "PRAGMA user_version", report);
  if (version.next() && version.integer(0) != kFormat) {
    report.not_checkable =
        fmt::format("it has format version {}, this program checks version {}", version.integer(0), kFormat);
    return;
  }
  RowCheck(raw, report).run(mark);
  sqlite3_free(message);
}

}  // namespace perdure::cli
