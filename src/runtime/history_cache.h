#pragma once
// Histories as readers want them: events from one id to another, in pages bounded by number and bytes. Keeps
// the latest batches of recently written runs in memory, so that handing out a workflow task reads no disk.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <unordered_map>

#include "base/ids.h"
#include "base/record.h"
#include "base/status.h"
#include "storage/storage.h"
#include "temporal/api/history/v1/message.pb.h"

namespace perdure::runtime {

class HistoryCache {
 public:
  // `storage` outlives the cache. `limit` in bytes of serialised events.
  HistoryCache(storage::Storage& storage, std::size_t limit) : storage_(storage), limit_(limit) {}

  // `batch` is durable now.
  void append(ExecutionId execution, HistoryBatch batch);
  void forget(ExecutionId execution);

  // Adds the events [from, end) to `out`, as many as `max_events` and `max_bytes` allow but at least one;
  // returns the first event id that was not added. All of them are durable. kDataLoss if the store does not
  // have them.
  Result<std::int64_t> read(ExecutionId execution, std::int64_t from, std::int64_t end, int max_events,
                            std::size_t max_bytes, temporal::api::history::v1::History* out);

 private:
  struct Tail {  // consecutive batches, the last ones of a run
    std::deque<HistoryBatch> batches;
    std::int64_t next = 0;
    std::size_t bytes = 0;
    std::list<ExecutionId>::iterator recency;
  };

  const Tail* find(ExecutionId execution, std::int64_t from);
  void keep(ExecutionId execution, const std::vector<HistoryBatch>& batches);
  void evict();

  storage::Storage& storage_;
  std::size_t limit_;
  std::size_t bytes_ = 0;
  std::unordered_map<std::int64_t, Tail> tails_;
  std::list<ExecutionId> recency_;  // last used first
};

}  // namespace perdure::runtime
