#pragma once
// Histories as readers want them: events from one id to another, in pages bounded by number and bytes. Keeps
// the latest batches of recently written runs in memory, so that handing out a workflow task reads no disk; and
// of the very latest the events as the engine made them, which go to whoever reads them first: in most cases
// the worker that the next task is handed to.
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

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
  // The batch that begins with `first_event_id` has been appended; these are its events, `bytes` of them.
  void keep_parsed(ExecutionId execution, std::int64_t first_event_id, std::size_t bytes,
                   std::unique_ptr<temporal::api::history::v1::History> events);
  void forget(ExecutionId execution);

  // Adds the events [from, end) to `out`, as many as `max_events` and `max_bytes` allow but at least one;
  // returns the first event id that was not added. All of them are durable. kDataLoss if the store does not
  // have them.
  Result<std::int64_t> read(ExecutionId execution, std::int64_t from, std::int64_t end, int max_events,
                            std::size_t max_bytes, temporal::api::history::v1::History* out);

 private:
  struct Page;
  struct Tail {  // consecutive batches, the last ones of a run
    std::vector<HistoryBatch> batches;
    std::int64_t next = 0;
    std::size_t bytes = 0;
    std::list<ExecutionId>::iterator recency;
  };

  // Of batches that were appended lately, in two generations: forgetting the older one costs nothing per use.
  class ParsedBatches {
   public:
    void put(ExecutionId execution, std::int64_t first_event_id, std::size_t bytes,
             std::unique_ptr<temporal::api::history::v1::History> events);
    std::unique_ptr<temporal::api::history::v1::History> take(ExecutionId execution,
                                                              std::int64_t first_event_id);

   private:
    struct Hash {
      std::size_t operator()(const std::pair<std::int64_t, std::int64_t>& key) const {
        return std::hash<std::int64_t>()(key.first * 1'000'003 + key.second);
      }
    };
    using Generation = std::unordered_map<std::pair<std::int64_t, std::int64_t>,
                                          std::unique_ptr<temporal::api::history::v1::History>, Hash>;
    Generation young_;
    Generation old_;
    std::size_t young_bytes_ = 0;  // that went in
  };

  Status take(const HistoryBatch& batch, ExecutionId execution, Page& page);
  const Tail* find(ExecutionId execution, std::int64_t from);
  void keep(ExecutionId execution, const std::vector<HistoryBatch>& batches);
  void evict();

  storage::Storage& storage_;
  std::size_t limit_;
  std::size_t bytes_ = 0;
  std::unordered_map<std::int64_t, Tail> tails_;
  std::list<ExecutionId> recency_;  // last used first
  ParsedBatches parsed_;
};

}  // namespace perdure::runtime
