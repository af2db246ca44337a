// What time brings about: due items, deadlines in memory, waits that end, and the repair of what died with an
// earlier process.
#include <algorithm>
#include <chrono>
#include <utility>

#include "runtime/loop.h"

namespace perdure::runtime {
namespace {

constexpr int kDuePerRound = 256;
constexpr std::chrono::seconds kSnooze{10};          // of an item that is due in the store but not in memory
constexpr std::chrono::seconds kUnusableSnooze{60};  // of an item of a run that cannot be used

}  // namespace

// Runs one of the engine's time commands. True: it changed the run.
bool Loop::fire(ExecutionId execution, ItemKey item,
                void (*command)(engine::Outcome&, engine::Execution&, ItemKey, const engine::Context&)) {
  auto found = runs_.get(execution);
  if (!found.ok() || !usable(execution).ok()) {
    if (!found.ok()) {
      note_read_failure(found.status());
    }
    due_.snooze(execution, item, now_ + kUnusableSnooze);
    return false;
  }
  CachedRun& entry = **found;
  if (entry.broken) {
    return true;  // once it is loaded again
  }
  engine::Outcome out;
  if (!guarded(execution, [&] { command(out, *entry.run, item, context()); }).ok()) {
    return true;
  }
  const bool wrote = apply(std::move(out));
  refresh(entry);
  return wrote;
}

bool Loop::fire_due() {
  if (ended_ || !round_.transitions.empty()) {
    // The due index in the store is behind what this round did; it is read when that is durable.
    return false;
  }
  auto due = due_.take(now_, kDuePerRound);
  if (!due.ok()) {
    note_read_failure(due.status());
    due_.pause(now_ + kSnooze);
    return false;
  }
  for (const storage::DueItem& item : *due) {
    // If the run changed in this round, the store may know a new time for the item after the commit.
    const bool changed = engine::is_outgoing(item.key.kind)
                             ? deliver(item.execution, item.key)
                             : fire(item.execution, item.key, &engine::item_due);
    if (!changed && !round_.touched.contains(item.execution)) {
      due_.snooze(item.execution, item.key, now_ + kSnooze);
    }
  }
  return !due->empty();
}

bool Loop::fire_volatile_deadlines() {
  bool worked = false;
  std::vector<ExecutionId> passed;
  for (const auto& [deadline, execution] : volatile_deadlines_) {
    if (deadline > now_) {
      break;
    }
    passed.push_back(execution);
  }
  for (const ExecutionId execution : passed) {
    worked |= fire(execution, {ItemKind::kWorkflowTask, 0}, &engine::item_due);
  }
  return worked;
}

// Attempts whose worker ended with an earlier process fail at once.
bool Loop::recover_orphans() {
  if (!recovering_ || ended_ || (refused_until_ && now_ < *refused_until_) || !round_.transitions.empty()) {
    return false;
  }
  const int limit = kDuePerRound + static_cast<int>(hopeless_orphans_.size());
  auto orphans = storage_->read_orphans(incarnation_, limit);
  if (!orphans.ok()) {
    note_read_failure(orphans.status());
    recovering_ = false;
    return false;
  }
  bool worked = false;
  for (const storage::DueItem& orphan : *orphans) {
    if (hopeless_orphans_.contains({orphan.execution, orphan.key})) {
      continue;
    }
    worked = true;
    if (!fire(orphan.execution, orphan.key, &engine::item_orphaned)) {
      hopeless_orphans_.insert({orphan.execution, orphan.key});
    }
  }
  if (!worked) {
    recovering_ = false;
    hopeless_orphans_.clear();
  }
  return worked;
}

bool Loop::expire_waiting() {
  bool worked = false;
  while (!wait_deadlines_.empty() && wait_deadlines_.begin()->first <= patience_time()) {
    const std::uint64_t id = wait_deadlines_.begin()->second;
    worked = true;
    if (polls_.contains(id)) {
      take_poll(id).answer(Status());
      continue;
    }
    if (queries_.contains(id)) {
      query_alarm(id);
      continue;
    }
    if (auto update = updates_.find(id); update != updates_.end()) {
      wait_deadlines_.erase({update->second.deadline, id});
      round_.finishes.push_back([this, id](const Status&) { update_wait_ends(id); });
      continue;
    }
    WaitingHistory wait = take_history_wait(id);
    round_.finishes.push_back([this, wait = std::move(wait)](const Status&) {
      serve_history(wait.query, wait.reply, /*may_wait=*/false);
    });
  }
  return worked;
}

// Keeps count of what a clock that skips must not skip.
void Loop::note_tasks_under_way(const CachedRun& entry) {
  if (!clock_.skips()) {
    return;
  }
  const engine::TasksUnderWay tasks = engine::tasks_under_way(*entry.run);
  const auto keep = [&entry](std::set<ExecutionId>& runs, bool member) {
    if (member) {
      runs.insert(entry.execution);
    } else {
      runs.erase(entry.execution);
    }
  };
  keep(workflow_task_under_way_, tasks.workflow_task);
  keep(activities_under_way_, tasks.activities);
}

// A worker over a network is between two polls for a moment; the task that waits is as good as with it.
bool Loop::worker_may_come_back() {
  const Timestamp gone_since = patience_time() - kWorkerComesBack;
  std::erase_if(activity_polls_, [&](const auto& queue) {
    return queue.second < gone_since || matching_.pollers(queue.first) > 0 ||
           matching_.tasks(queue.first) == 0;
  });
  return !activity_polls_.empty();
}

// Nothing is to be done now: a clock that skips may go on to what is due next.
bool Loop::rest() {
  if (!clock_.skips()) {
    return false;
  }
  Rest rest;
  rest.next_due = due_.wake_at();
  if (const auto held = matching_.wake_at()) {
    rest.next_due = std::min(*held, rest.next_due.value_or(*held));
  }
  rest.workflow_tasks = !workflow_task_under_way_.empty() || asks_worker();
  rest.activities = !activities_under_way_.empty() || worker_may_come_back();
  return clock_.rest(rest) || !mailbox_.empty();
}

}  // namespace perdure::runtime
