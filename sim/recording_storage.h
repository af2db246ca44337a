#pragma once
// Stands between the engine's shell and the real store: numbers and times of transitions are checked as they
// pass, what was confirmed goes to the mirror, and the process may be made to die between a commit and its
// replies.
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "mirror.h"
#include "storage/storage.h"

namespace perdure::sim {

// Outlives the storage of one process: what is known of the disk between two of them.
struct CommitRecord {
  CommitRecord(bool orphans, Report& report) : mirror(orphans, report) {}

  Mirror mirror;                    // confirmed
  std::vector<Transition> unknown;  // handed over in this process's last, failed commit
  bool failed = false;              // a commit of this process failed for good
  bool under_way = false;           // a commit was handed over and has not been answered
  std::uint64_t commits = 0;
};

class RecordingStorage : public storage::Storage {
 public:
  // `after_commit` is called when a commit is confirmed, before the shell hears of it.
  RecordingStorage(std::unique_ptr<storage::Storage> inner, CommitRecord& record, Report& report,
                   std::function<void()> after_commit)
      : inner_(std::move(inner)), record_(record), report_(report), after_commit_(std::move(after_commit)) {}

  const storage::StoreInfo& info() const override { return inner_->info(); }
  void commit(std::vector<Transition> transitions, std::function<void(Status)> done) override;
  Status put_record(const std::string& key, const std::string& value) override {
    return inner_->put_record(key, value);
  }
  Result<std::optional<ExecutionId>> find_current(const WorkflowKey& key) override {
    return inner_->find_current(key);
  }
  Result<std::optional<ExecutionId>> find_run(const WorkflowKey& key, const RunId& run_id) override {
    return inner_->find_run(key, run_id);
  }
  Result<std::optional<storage::LoadedRun>> load(ExecutionId execution) override {
    return inner_->load(execution);
  }
  Result<storage::HistoryPage> read_history(ExecutionId execution, std::int64_t first_event_id,
                                            int max_events, std::size_t max_bytes) override {
    return inner_->read_history(execution, first_event_id, max_events, max_bytes);
  }
  Result<std::optional<Timestamp>> next_due() override { return inner_->next_due(); }
  Result<std::vector<storage::DueItem>> read_due(Timestamp now, int limit) override {
    return inner_->read_due(now, limit);
  }
  Result<std::vector<storage::QueuedItem>> read_queue(const std::string& queue,
                                                      const storage::QueuedItem& after, int limit) override {
    return inner_->read_queue(queue, after, limit);
  }
  Result<std::vector<storage::DueItem>> read_orphans(std::int64_t incarnation, int limit) override {
    return inner_->read_orphans(incarnation, limit);
  }
  Result<std::vector<storage::RunSummary>> list_runs(ExecutionId after, int limit) override {
    return inner_->list_runs(after, limit);
  }
  Status close() override { return inner_->close(); }

 private:
  std::unique_ptr<storage::Storage> inner_;
  CommitRecord& record_;
  Report& report_;
  std::function<void()> after_commit_;
};

}  // namespace perdure::sim
