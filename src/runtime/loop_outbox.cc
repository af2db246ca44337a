// Delivery of what runs send to other runs, each in one transition over both. What a command of this process
// made is delivered in the same round, so in the same commit; the due index brings up the rest: what an
// earlier process left, and what could not be delivered at once.
#include <algorithm>
#include <chrono>
#include <utility>

#include "runtime/loop.h"

namespace perdure::runtime {
namespace {

constexpr int kDeliveriesPerRound = 1'024;
constexpr std::size_t kBytesPerRound = 16 * 1024 * 1024;
constexpr std::chrono::seconds kSnooze{60};  // of an item whose source or target cannot be used
constexpr int kRedirects = 100;              // from a run that was reset to the one in its place

}  // namespace

// In the order in which it was asked for: of the events' ids.
void Loop::add_to_outbox(const RunWrite& write) {
  const std::size_t first = outbox_.size();
  for (const Item& item : write.upsert) {
    if (item.due_at && engine::is_outgoing(item.key.kind)) {
      outbox_.emplace_back(write.execution, item.key);
    }
  }
  std::sort(outbox_.begin() + static_cast<std::ptrdiff_t>(first), outbox_.end(),
            [](const auto& a, const auto& b) {
              return std::pair(a.second.id, a.second.kind) < std::pair(b.second.id, b.second.kind);
            });
}

bool Loop::deliver_outbox() {
  if (ended_) {
    return false;
  }
  int left = kDeliveriesPerRound;
  bool worked = false;
  while (!outbox_.empty() && left-- > 0 && round_.bytes <= kBytesPerRound) {
    const auto [source, item] = outbox_.front();
    outbox_.pop_front();
    deliver(source, item);
    worked = true;
  }
  return worked;
}

// Null: there is no such run.
Result<CachedRun*> Loop::find_target(const RunTarget& target) {
  auto found = target.run_id.empty() ? runs_.find_current(target.key) : runs_.find(target);
  if (!found.ok() && found.status().code() == Code::kNotFound) {
    return static_cast<CachedRun*>(nullptr);
  }
  if (!found.ok()) {
    note_read_failure(found.status());
    return found;
  }
  if (*found != nullptr) {
    if (Status status = usable((*found)->execution); !status.ok()) {
      return status;
    }
  }
  return found;
}

// Carries the delivery out. Not empty: another run of the same workflow id is the target. None: it failed
// inside.
std::optional<RunId> Loop::deliver_to(CachedRun& source, ItemKey item, CachedRun* target, bool* wrote) {
  engine::Outcome out;
  RunId redirect;
  // The target pays for what fails: the source has other work to do.
  const ExecutionId answerable = target == nullptr ? source.execution : target->execution;
  const Status status = guarded(answerable, [&] {
    redirect =
        engine::deliver(out, *source.run, item, target == nullptr ? nullptr : target->run.get(), context());
  });
  if (!status.ok()) {
    if (!source.broken) {
      source.broken = true;
      broken_.push_back(source.execution);
    }
    return std::nullopt;
  }
  *wrote = apply(std::move(out));
  refresh(source);
  if (target != nullptr) {
    refresh(*target);
  }
  return redirect;
}

// True: something changed, or will be tried again soon.
bool Loop::deliver(ExecutionId execution, ItemKey item) {
  auto found = runs_.get(execution);
  if (!found.ok() || !usable(execution).ok()) {
    if (!found.ok()) {
      note_read_failure(found.status());
    }
    due_.snooze(execution, item, now_ + kSnooze);
    return false;
  }
  CachedRun& source = **found;
  if (source.broken) {
    return true;  // once it is loaded again
  }
  const auto address = engine::address_of(*source.run, item);
  if (!address) {
    return false;
  }
  RunTarget to{{}, address->key, address->run_id};
  for (int redirects = 0; redirects <= kRedirects; ++redirects) {
    auto target = find_target(to);
    if (!target.ok()) {
      due_.snooze(execution, item, now_ + kSnooze);
      return false;
    }
    if (*target != nullptr && (*target)->broken) {
      return true;
    }
    bool wrote = false;
    const auto redirect = deliver_to(source, item, *target, &wrote);
    if (!redirect || redirect->empty()) {
      return wrote || !redirect;
    }
    to.run_id = *redirect;
  }
  due_.snooze(execution, item, now_ + kSnooze);
  return false;
}

}  // namespace perdure::runtime
