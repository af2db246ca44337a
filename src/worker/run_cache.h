#pragma once
// The runs that a worker keeps in memory between their tasks, by run id; the one that was not used for the
// longest time goes first. One thread.
#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "workflow/run.h"

namespace perdure::worker {

class RunCache {
 public:
  explicit RunCache(std::size_t limit) : limit_(limit) {}

  // Takes the run out; null if it is not there.
  std::unique_ptr<workflow_core::WorkflowRun> take(const std::string& run_id) {
    const auto found = by_id_.find(run_id);
    if (found == by_id_.end()) {
      return nullptr;
    }
    auto run = std::move(found->second->run);
    by_age_.erase(found->second);
    by_id_.erase(found);
    return run;
  }

  void put(const std::string& run_id, std::unique_ptr<workflow_core::WorkflowRun> run) {
    if (limit_ == 0) {
      return;
    }
    take(run_id);  // two tasks of it may have been under way, one of them stale
    while (by_age_.size() >= limit_) {
      by_id_.erase(by_age_.front().run_id);
      by_age_.pop_front();
    }
    by_age_.push_back({run_id, std::move(run)});
    by_id_[run_id] = std::prev(by_age_.end());
  }

  void clear() {
    by_id_.clear();
    by_age_.clear();
  }

 private:
  struct Entry {
    std::string run_id;
    std::unique_ptr<workflow_core::WorkflowRun> run;
  };

  const std::size_t limit_;
  std::list<Entry> by_age_;
  std::map<std::string, std::list<Entry>::iterator> by_id_;
};

}  // namespace perdure::worker
