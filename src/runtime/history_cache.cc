#include "runtime/history_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace perdure::runtime {
namespace {

using temporal::api::history::v1::History;

// A generation of batches that are kept parsed: more than are under way at a time.
constexpr std::size_t kParsedBytes = 4 * 1024 * 1024;
constexpr std::size_t kEventOverhead = 512;  // of a parsed event, beside its contents

Status missing(ExecutionId execution, std::int64_t event) {
  return data_loss(
      fmt::format("event {} of execution {} is missing from the store; run `perdure fsck` on the state "
                  "directory",
                  event, execution.value));
}

}  // namespace

// One page under construction.
struct HistoryCache::Page {
  std::int64_t next;  // the event wanted now
  std::int64_t end;
  int events_left;
  std::size_t bytes_left;
  History* out;
  bool full = false;

  bool done() const { return full || next >= end; }
};

void HistoryCache::ParsedBatches::put(ExecutionId execution, std::int64_t first_event_id, std::size_t bytes,
                                      std::unique_ptr<History> events) {
  bytes += kEventOverhead * static_cast<std::size_t>(events->events_size());
  if (bytes > kParsedBytes / 16) {
    return;
  }
  young_bytes_ += bytes;
  if (young_bytes_ > kParsedBytes) {
    old_ = std::exchange(young_, {});
    young_bytes_ = bytes;
  }
  young_.insert_or_assign({execution.value, first_event_id}, std::move(events));
}

std::unique_ptr<History> HistoryCache::ParsedBatches::take(ExecutionId execution,
                                                           std::int64_t first_event_id) {
  for (Generation* generation : {&young_, &old_}) {
    if (auto node = generation->extract({execution.value, first_event_id})) {
      return std::move(node.mapped());
    }
  }
  return nullptr;
}

// Takes from `batch` what the page still wants.
Status HistoryCache::take(const HistoryBatch& batch, ExecutionId execution, Page& page) {
  if (batch.first_event_id + batch.event_count <= page.next) {
    return {};
  }
  if (batch.first_event_id > page.next) {
    return missing(execution, page.next);
  }
  std::unique_ptr<History> parsed = parsed_.take(execution, batch.first_event_id);
  if (parsed == nullptr) {
    parsed = std::make_unique<History>();
    if (!parsed->ParseFromString(batch.events) || parsed->events_size() != batch.event_count) {
      return data_loss(fmt::format("the events {} to {} of execution {} cannot be read", batch.first_event_id,
                                   batch.first_event_id + batch.event_count - 1, execution.value));
    }
  }
  const bool whole = batch.events.size() <= page.bytes_left && batch.event_count <= page.events_left;
  for (auto& event : *parsed->mutable_events()) {
    if (event.event_id() < page.next) {
      continue;
    }
    if (page.next >= page.end) {
      return {};
    }
    const std::size_t bytes = whole ? 0 : event.ByteSizeLong();
    if (page.out->events_size() > 0 && (page.events_left <= 0 || bytes > page.bytes_left)) {
      page.full = true;
      return {};
    }
    page.bytes_left -= std::min(bytes, page.bytes_left);
    --page.events_left;
    page.next = event.event_id() + 1;
    *page.out->add_events() = std::move(event);
  }
  if (whole) {
    page.bytes_left -= batch.events.size();
  }
  return {};
}

void HistoryCache::append(ExecutionId execution, HistoryBatch batch) {
  auto [found, created] = tails_.try_emplace(execution.value);
  Tail& tail = found->second;
  if (created) {
    tail.recency = recency_.insert(recency_.begin(), execution);
  } else {
    recency_.splice(recency_.begin(), recency_, tail.recency);
    if (tail.next != batch.first_event_id) {
      bytes_ -= tail.bytes;
      tail.bytes = 0;
      tail.batches.clear();
    }
  }
  tail.next = batch.first_event_id + batch.event_count;
  tail.bytes += batch.events.size();
  bytes_ += batch.events.size();
  tail.batches.push_back(std::move(batch));
  evict();
}

void HistoryCache::keep_parsed(ExecutionId execution, std::int64_t first_event_id, std::size_t bytes,
                               std::unique_ptr<History> events) {
  parsed_.put(execution, first_event_id, bytes, std::move(events));
}

void HistoryCache::forget(ExecutionId execution) {
  auto found = tails_.find(execution.value);
  if (found != tails_.end()) {
    bytes_ -= found->second.bytes;
    recency_.erase(found->second.recency);
    tails_.erase(found);
  }
}

void HistoryCache::evict() {
  while (bytes_ > limit_ && !recency_.empty()) {
    forget(recency_.back());
  }
}

const HistoryCache::Tail* HistoryCache::find(ExecutionId execution, std::int64_t from) {
  auto found = tails_.find(execution.value);
  if (found == tails_.end() || found->second.batches.front().first_event_id > from) {
    return nullptr;
  }
  recency_.splice(recency_.begin(), recency_, found->second.recency);
  return &found->second;
}

// Remembers batches that were read and reach to the end of what was asked for.
void HistoryCache::keep(ExecutionId execution, const std::vector<HistoryBatch>& batches) {
  std::size_t bytes = 0;
  for (const HistoryBatch& batch : batches) {
    bytes += batch.events.size();
  }
  if (bytes > limit_ / 8) {
    return;  // one long history would push out all others
  }
  forget(execution);
  for (const HistoryBatch& batch : batches) {
    append(execution, batch);
  }
}

Result<std::int64_t> HistoryCache::read(ExecutionId execution, std::int64_t from, std::int64_t end,
                                        int max_events, std::size_t max_bytes, History* out) {
  check(max_events > 0, "a page has room for an event");
  Page page{from, end, max_events, max_bytes, out};
  if (const Tail* tail = find(execution, from)) {
    auto batch = std::upper_bound(
        tail->batches.begin(), tail->batches.end(), from,
        [](std::int64_t event, const HistoryBatch& candidate) { return event < candidate.first_event_id; });
    for (--batch; batch != tail->batches.end() && !page.done(); ++batch) {
      if (Status status = take(*batch, execution, page); !status.ok()) {
        return status;
      }
    }
  }
  const std::int64_t read_from = page.next;
  while (!page.done()) {
    auto stored = storage_.read_history(execution, page.next, std::max(page.events_left, 1),
                                        std::max<std::size_t>(page.bytes_left, 1));
    if (!stored.ok()) {
      return stored.status();
    }
    const std::int64_t before = page.next;
    for (const HistoryBatch& batch : stored->batches) {
      if (page.done()) {
        break;
      }
      if (Status status = take(batch, execution, page); !status.ok()) {
        return status;
      }
    }
    if (page.next == before && !page.full) {
      return missing(execution, page.next);
    }
    if (before == read_from && !stored->more && page.next >= end) {
      keep(execution, stored->batches);
    }
  }
  return page.next;
}

}  // namespace perdure::runtime
