#pragma once
// The workers that say that they are there (RecordWorkerHeartbeat). Kept in memory only: who lives says so
// again.
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "base/time.h"
#include "temporal/api/worker/v1/message.pb.h"
#include "visibility/bound_filter.h"

namespace perdure::frontend {

using WorkerHeartbeat = temporal::api::worker::v1::WorkerHeartbeat;

// Not thread-safe. `now` never goes back.
class Workers {
 public:
  // A worker that says that it is shut down is forgotten at once, as Temporal's matching; one that says
  // nothing for five minutes, too. Beyond limits::kWorkers those that were silent longest make room.
  void record(const NamespaceName& namespace_name, const WorkerHeartbeat& heartbeat, Timestamp now);

  // By their instance keys; null: there is none.
  const WorkerHeartbeat* find(const NamespaceName& namespace_name, const std::string& instance_key,
                              Timestamp now);
  // Those that `filter` lists, in the order of their keys, from the first one after `after`.
  std::vector<const WorkerHeartbeat*> list(const NamespaceName& namespace_name, const std::string& after,
                                           const visibility::BoundFilter& filter, Timestamp now);

 private:
  using Key = std::pair<std::string, std::string>;  // namespace, instance key
  struct Entry {
    WorkerHeartbeat heartbeat;
    Timestamp seen;
  };

  void forget(const Key& key);
  void forget_silent(Timestamp now);

  std::map<Key, Entry> workers_;
  std::set<std::pair<Timestamp, Key>> by_silence_;
};

// What ListWorkers takes as its query: names and types of a heartbeat's fields, by Temporal's names.
// kInvalidArgument for what cannot be a filter of workers.
Result<visibility::BoundFilter> worker_filter(const std::string& query);

}  // namespace perdure::frontend
