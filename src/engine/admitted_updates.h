#pragma once
// The updates of a run that wait for the workflow to accept or reject them. They are in memory only: one that
// is rejected leaves no trace. As the registry of Temporal's service/history/workflow/update, which holds the
// accepted ones as well; here these are items.
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "temporal/api/update/v1/message.pb.h"

namespace perdure::engine {

struct AdmittedUpdate {
  std::shared_ptr<const temporal::api::update::v1::Request> request;
  std::int64_t order = 0;  // of admission
  bool sent = false;       // a worker was asked
};

// Not thread-safe; cheap to copy.
class AdmittedUpdates {
 public:
  const AdmittedUpdate* find(std::string_view update_id) const {
    auto found = updates_.find(update_id);
    return found == updates_.end() ? nullptr : &found->second;
  }
  void add(const std::string& update_id, temporal::api::update::v1::Request request) {
    bytes_ += request.ByteSizeLong();
    auto kept = std::make_shared<const temporal::api::update::v1::Request>(std::move(request));
    updates_[update_id] = {std::move(kept), next_order_++, false};
  }
  void remove(std::string_view update_id) {
    if (auto found = updates_.find(update_id); found != updates_.end()) {
      bytes_ -= found->second.request->ByteSizeLong();
      updates_.erase(found);
    }
  }
  void mark_sent(std::string_view update_id) {
    if (auto found = updates_.find(update_id); found != updates_.end()) {
      found->second.sent = true;
    }
  }
  // In the order of admission.
  std::vector<std::string> ids() const {
    std::map<std::int64_t, std::string> ordered;
    for (const auto& [id, update] : updates_) {
      ordered.emplace(update.order, id);
    }
    std::vector<std::string> ids;
    for (auto& [order, id] : ordered) {
      ids.push_back(std::move(id));
    }
    return ids;
  }
  bool any_unsent() const {
    for (const auto& [id, update] : updates_) {
      if (!update.sent) {
        return true;
      }
    }
    return false;
  }
  bool empty() const { return updates_.empty(); }
  std::size_t size() const { return updates_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  std::map<std::string, AdmittedUpdate, std::less<>> updates_;
  std::int64_t next_order_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace perdure::engine
