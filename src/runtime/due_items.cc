#include "runtime/due_items.h"

#include <algorithm>
#include <limits>

namespace perdure::runtime {
namespace {

constexpr Timestamp kForever{std::numeric_limits<std::int64_t>::max()};

}  // namespace

Result<std::vector<storage::DueItem>> DueItems::take(Timestamp now, int limit) {
  std::vector<storage::DueItem> taken;
  const auto wake = wake_at();
  if (!wake || *wake > now) {
    return taken;
  }
  snooze_ends_.reset();
  std::erase_if(snoozed_, [now](const auto& entry) { return entry.second <= now; });
  for (const auto& [identity, until] : snoozed_) {
    snooze_ends_ = std::min(until, snooze_ends_.value_or(until));
  }
  auto due = storage_.read_due(now, limit + static_cast<int>(snoozed_.size()));
  if (!due.ok()) {
    return due.status();
  }
  for (const storage::DueItem& item : *due) {
    if (static_cast<int>(taken.size()) < limit && !snoozed_.contains({item.execution, item.key})) {
      taken.push_back(item);
    }
  }
  if (taken.empty()) {
    if (Status status = refresh(); !status.ok()) {
      return status;
    }
  } else {
    earliest_ = now;  // look again after these
    known_ = true;
  }
  return taken;
}

Status DueItems::refresh() {
  auto next = storage_.read_due(kForever, static_cast<int>(snoozed_.size()) + 1);
  if (!next.ok()) {
    return next.status();
  }
  known_ = true;
  earliest_.reset();
  for (const storage::DueItem& item : *next) {
    if (!snoozed_.contains({item.execution, item.key})) {
      earliest_ = item.due_at;
      break;
    }
  }
  return {};
}

void DueItems::note(const RunWrite& write) {
  for (const ItemKey& key : write.erase) {
    snoozed_.erase({write.execution, key});
  }
  for (const Item& item : write.upsert) {
    snoozed_.erase({write.execution, item.key});
    if (item.due_at && (!earliest_ || *item.due_at < *earliest_)) {
      earliest_ = item.due_at;
    }
  }
}

void DueItems::snooze(ExecutionId execution, ItemKey item, Timestamp until) {
  snoozed_[{execution, item}] = until;
  snooze_ends_ = std::min(until, snooze_ends_.value_or(until));
}

void DueItems::forget(ExecutionId execution) {
  auto first = snoozed_.lower_bound({execution, ItemKey{}});
  auto last = first;
  while (last != snoozed_.end() && last->first.first == execution) {
    ++last;
  }
  if (first != last) {
    snoozed_.erase(first, last);
    known_ = false;  // they count again
  }
}

std::optional<Timestamp> DueItems::wake_at() const {
  std::optional<Timestamp> wake = known_ ? earliest_ : Timestamp{std::numeric_limits<std::int64_t>::min()};
  if (snooze_ends_) {
    wake = std::min(*snooze_ends_, wake.value_or(*snooze_ends_));
  }
  if (wake) {
    wake = std::max(*wake, paused_until_);
  }
  return wake;
}

}  // namespace perdure::runtime
