#pragma once
// Which items have to be looked at because their time has come. The store's due index is the truth; this
// keeps a lower bound of its earliest entry, so that the store is asked only when something may be due.
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/record.h"
#include "base/status.h"
#include "base/time.h"
#include "storage/storage.h"

namespace perdure::runtime {

class DueItems {
 public:
  // `storage` outlives this.
  explicit DueItems(storage::Storage& storage) : storage_(storage) {}

  // Items due at `now`, earliest first, at most `limit`. Only while nothing is uncommitted.
  Result<std::vector<storage::DueItem>> take(Timestamp now, int limit);

  // `write` changes items; call before or after its commit.
  void note(const RunWrite& write);
  // Looking at the item changed nothing, so the store still calls it due (e.g. a task that is started in
  // memory only): it is not taken again before `until`, unless a write touches it.
  void snooze(ExecutionId execution, ItemKey item, Timestamp until);
  // The run is forgotten and will be loaded again.
  void forget(ExecutionId execution);
  // After a refused commit: nothing is taken before `until`.
  void pause(Timestamp until) { paused_until_ = until; }

  // When take() may have something; none: not before the next note().
  std::optional<Timestamp> wake_at() const;

 private:
  using Identity = std::pair<ExecutionId, ItemKey>;
  Status refresh();

  storage::Storage& storage_;
  bool known_ = false;                 // earliest_ was read from the store
  std::optional<Timestamp> earliest_;  // lower bound of the due index without snoozed items
  std::map<Identity, Timestamp> snoozed_;
  std::optional<Timestamp> snooze_ends_;  // lower bound of the earliest end
  Timestamp paused_until_{};
};

}  // namespace perdure::runtime
