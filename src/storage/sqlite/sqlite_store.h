#pragma once
// The Storage over one state directory. Opening is open.cc, writing write.cc, reading read.cc. One thread at
// a time.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/record.h"
#include "storage/sqlite/checked_vfs.h"
#include "storage/sqlite/checksum.h"
#include "storage/sqlite/database.h"
#include "storage/sqlite/mark_file.h"
#include "storage/sqlite/sqlite_storage.h"
#include "storage/sqlite/staged_rows.h"
#include "storage/sqlite/state_directory.h"
#include "storage/storage.h"

namespace perdure::storage {

// What has to be known of a run's stored rows to write the next ones: where its history chain ends, and the
// checksums that its item digest is the sum of.
struct RunHead {
  std::uint64_t name = 0;  // Checksummer::run_name()
  std::int64_t history_events = 0;
  std::uint64_t history_checksum = 0;
  std::uint64_t item_digest = 0;
  std::uint64_t checksum = 0;                            // of the run's row; 0: not written yet
  std::vector<std::pair<ItemKey, std::uint64_t>> items;  // sorted by key
};

// The heads of runs used lately: two generations, so that forgetting costs nothing per use.
class RunHeadCache {
 public:
  RunHead* find(std::int64_t execution_id);
  RunHead& put(std::int64_t execution_id, RunHead head);
  void clear();

 private:
  static constexpr std::size_t kGeneration = 16'384;

  std::unordered_map<std::int64_t, RunHead> young_;
  std::unordered_map<std::int64_t, RunHead> old_;
};

// Every statement of the store, prepared once.
struct Statements {
  Status prepare(sqlite3* db);

  Statement begin, commit, rollback;
  Statement read_meta, put_meta, read_commit_state, write_commit_state;
  Statement insert_runs, update_runs, insert_batches, insert_items, update_items, delete_items, put_current;
  Statement find_current, find_any_run, find_run;
  Statement read_run, read_items, read_last_batch, read_batch_starts, read_batches, any_row_of_run;
  Statement next_due, read_due, read_queue, read_orphans, list_runs;
};

class SqliteStore : public Storage {
 public:
  static Result<std::unique_ptr<Storage>> open(const SqliteOptions& options);
  ~SqliteStore() override;

  const StoreInfo& info() const override { return info_; }
  void commit(std::vector<Transition> transitions, std::function<void(Status)> done) override;
  Status put_record(const std::string& key, const std::string& value) override;
  Result<std::optional<ExecutionId>> find_current(const WorkflowKey& key) override;
  Result<std::optional<ExecutionId>> find_run(const WorkflowKey& key, const RunId& run_id) override;
  Result<std::optional<LoadedRun>> load(ExecutionId execution) override;
  Result<HistoryPage> read_history(ExecutionId execution, std::int64_t first_event_id, int max_events,
                                   std::size_t max_bytes) override;
  Result<std::optional<Timestamp>> next_due() override;
  Result<std::vector<DueItem>> read_due(Timestamp now, int limit) override;
  Result<std::vector<QueuedItem>> read_queue(const std::string& queue, const QueuedItem& after,
                                             int limit) override;
  Result<std::vector<DueItem>> read_orphans(std::int64_t incarnation, int limit) override;
  Result<std::vector<RunSummary>> list_runs(ExecutionId after, int limit) override;
  Status close() override;

 private:
  explicit SqliteStore(const SqliteOptions& options);

  // open.cc
  Status start();
  Status take_real_directory();
  Status refuse_foreign_database(const MarkFile::Contents& mark, bool exists);
  Status create_files();
  Status connect(const char* first);  // `first`: SQL to run before anything touches the file
  Status create_tables();
  Status read_identity();
  Status compare_with_mark(const MarkFile::Contents& mark);
  Status start_incarnation();
  Result<std::string> new_token_key() const;

  // write.cc
  Status keep(const std::vector<Transition>& transitions);
  Status apply(const Transition& transition, CommitColumns& totals);
  Status apply_write(const RunWrite& write, std::int64_t sequence, CommitColumns& totals);
  void append_history(const RunWrite& write, RunHead& head, CommitColumns& totals);
  void stage_items(const RunWrite& write, RunHead& head, CommitColumns& totals);
  void stage_run(const RunWrite& write, std::int64_t sequence, RunHead& head, CommitColumns& totals);
  Status write_staged();
  Status write_commit_state(const CommitColumns& totals);
  Status roll_back(Status reason);
  Status abandon_commit(int result_code);
  void after_commit();
  Status checkpoint(int mode);

  // read.cc
  Result<RunHead*> head_of(std::int64_t execution_id);
  Status check_history_end(std::int64_t execution_id, const RunHead& head);
  Status read_items_of(LoadedRun& run, RunHead& head);
  Result<std::vector<DueItem>> read_due_items(Statement& row);

  std::string path_of(std::string_view file) const { return options_.directory + "/" + std::string(file); }
  Status failed(int result_code, std::string_view doing) const;
  Status damaged(std::string_view table, std::int64_t execution_id, std::string_view what) const;

  SqliteOptions options_;
  sqlite3_vfs* vfs_ = nullptr;  // does the work; SQLite owns it
  std::unique_ptr<DirectoryLock> lock_;
  std::unique_ptr<CheckedVfs> checked_vfs_;
  StagedCommit staged_;  // the connection reads it
  DatabaseHandle db_;
  Statements sql_;
  std::optional<MarkFile> mark_;
  StoreInfo info_;
  CommitColumns totals_;  // as committed
  RunHeadCache heads_;
  Checksummer sum_;
  Status refusal_;          // not OK: why nothing can be committed any more
  bool remove_log_ = true;  // at a clean close; a look must leave the log of a crash as it is
  int log_pages_ = 0;
  int checkpoint_at_ = 0;
  int commits_since_mark_ = 0;
};

}  // namespace perdure::storage
