#pragma once
// The runs that a worker keeps in memory between their tasks, by run id: so many, and so many bytes of them.
// The one that was not used for the longest time goes first. One thread.
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "workflow/run.h"

namespace perdure::worker {

class RunCache {
 public:
  // `max_bytes` 0: any number of bytes.
  RunCache(std::size_t limit, std::int64_t max_bytes) : limit_(limit), max_bytes_(max_bytes) {}

  // Takes the run out; null if it is not there.
  std::unique_ptr<workflow_core::WorkflowRun> take(const std::string& run_id) {
    const auto found = by_id_.find(run_id);
    if (found == by_id_.end()) {
      return nullptr;
    }
    auto run = std::move(found->second->run);
    bytes_ -= found->second->bytes;
    by_age_.erase(found->second);
    by_id_.erase(found);
    return run;
  }

  void put(const std::string& run_id, std::unique_ptr<workflow_core::WorkflowRun> run) {
    if (limit_ == 0) {
      return;
    }
    take(run_id);  // two tasks of it may have been under way, one of them stale
    const std::int64_t bytes = run->bytes();
    by_age_.push_back({run_id, std::move(run), bytes});
    by_id_[run_id] = std::prev(by_age_.end());
    bytes_ += bytes;
    while (by_age_.size() > limit_ || (max_bytes_ > 0 && bytes_ > max_bytes_)) {
      bytes_ -= by_age_.front().bytes;
      by_id_.erase(by_age_.front().run_id);
      by_age_.pop_front();
    }
  }

  bool contains(const std::string& run_id) const { return by_id_.contains(run_id); }
  std::size_t size() const { return by_age_.size(); }
  std::int64_t bytes() const { return bytes_; }

  void clear() {
    by_id_.clear();
    by_age_.clear();
    bytes_ = 0;
  }

 private:
  struct Entry {
    std::string run_id;
    std::unique_ptr<workflow_core::WorkflowRun> run;
    std::int64_t bytes;
  };

  const std::size_t limit_;
  const std::int64_t max_bytes_;
  std::int64_t bytes_ = 0;
  std::list<Entry> by_age_;
  std::map<std::string, std::list<Entry>::iterator> by_id_;
};

}  // namespace perdure::worker
