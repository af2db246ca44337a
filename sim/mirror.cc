#include "mirror.h"

#include <set>

#include "api/convert.h"
#include "temporal/api/enums/v1/event_type.pb.h"
#include "temporal/api/enums/v1/workflow.pb.h"

namespace perdure::sim {

namespace enums = temporal::api::enums::v1;

void Mirror::apply(const Transition& transition) {
  report_.expect(transition.sequence == last_sequence_ + 1, "D3", "transition {} follows {}",
                 transition.sequence, last_sequence_);
  report_.expect(transition.now >= last_time_, "T5", "transition {} has time {}, before {}",
                 transition.sequence, transition.now.nanos, last_time_.nanos);
  last_sequence_ = transition.sequence;
  last_time_ = transition.now;
  times_.push_back(transition.now);
  for (const RunWrite& write : transition.writes) {
    apply_write(write, transition);
  }
  check_chains(transition);
  for (const RunWrite& write : transition.writes) {
    const MirrorRun& run = *runs_.at(write.execution.value);
    check_items(run);
    timelines_[run.key.workflow_id.value].push_back(
        Snapshot{transition.sequence, transition.now, current_[run.key], current_[run.key]->check.status()});
  }
}

void Mirror::apply_write(const RunWrite& write, const Transition& transition) {
  auto found = runs_.find(write.execution.value);
  report_.expect((found == runs_.end()) == write.create, "D3", "transition {} {} run {}, which {}",
                 transition.sequence, write.create ? "creates" : "changes", write.run_id.value,
                 write.create ? "exists" : "does not exist");
  if (found == runs_.end()) {
    found =
        runs_
            .emplace(write.execution.value, std::make_unique<MirrorRun>(write, transition.sequence, orphans_,
                                                                        hostile_workers_, report_))
            .first;
    found->second->created_at = transition.now;
    report_.expect(by_run_id_.emplace(write.run_id.value, found->second.get()).second, "W3",
                   "run id {} is used twice", write.run_id.value);
  }
  MirrorRun& run = *found->second;
  if (write.make_current) {
    current_[write.key] = &run;
  }
  run.state = write.state;
  for (const ItemKey& key : write.erase) {
    run.items.erase(key);
    touches_[{run.run_id.value, key}].push_back(transition.sequence);
  }
  for (const Item& item : write.upsert) {
    run.items[item.key] = item;
    touches_[{run.run_id.value, item.key}].push_back(transition.sequence);
  }
  append_events(run, write, transition);
}

void Mirror::append_events(MirrorRun& run, const RunWrite& write, const Transition& transition) {
  for (const HistoryBatch& batch : write.append) {
    run.batches.push_back(batch);
    temporal::api::history::v1::History history;
    report_.expect(history.ParseFromString(batch.events) && history.events_size() == batch.event_count &&
                       batch.event_count > 0 && history.events(0).event_id() == batch.first_event_id,
                   "H1", "{}: batch at {} of {} events holds {}", run.run_id.value, batch.first_event_id,
                   batch.event_count, history.events_size());
    for (auto& event : *history.mutable_events()) {
      run.check.add(event);
      const std::string bytes = api::serialize(event);
      if (event.event_type() == enums::EVENT_TYPE_WORKFLOW_TASK_FAILED) {
        report_.mark("workflow task failed: " + enums::WorkflowTaskFailedCause_Name(
                                                    event.workflow_task_failed_event_attributes().cause()));
      } else {
        report_.mark(enums::EventType_Name(event.event_type()));
      }
      run.events.push_back(StoredEvent{std::move(event), fnv(bytes), transition.sequence});
    }
  }
  if (run.check.closed() && run.closed == 0) {
    run.closed = transition.sequence;
  }
}

void Mirror::check_chains(const Transition& transition) {
  std::map<std::string, int> open;
  for (const RunWrite& write : transition.writes) {
    const MirrorRun& run = *runs_.at(write.execution.value);
    if (!run.check.closed()) {
      report_.expect(current_[run.key] == &run, "W1", "{}: run {} is open, but not the current one",
                     run.key.workflow_id.value, run.run_id.value);
    }
    if (!run.check.successor().empty()) {
      const MirrorRun* next = find_run(run.check.successor());
      report_.expect(next != nullptr && next->created == run.closed &&
                         next->check.start().continued_execution_run_id() == run.run_id.value,
                     "H8", "run {} continued as {}, which was not created with it", run.run_id.value,
                     run.check.successor());
    }
    if (write.create && !run.check.start().continued_execution_run_id().empty()) {
      const MirrorRun* before = find_run(run.check.start().continued_execution_run_id());
      report_.expect(before != nullptr && before->check.successor() == run.run_id.value, "H8",
                     "run {} continues {}, which does not name it", run.run_id.value,
                     run.check.start().continued_execution_run_id());
    }
    if (write.create) {
      for (const auto& [id, other] : runs_) {
        report_.expect(other.get() == &run || other->check.closed() || other->key != run.key, "W1",
                       "{}: runs {} and {} are both open", run.key.workflow_id.value, other->run_id.value,
                       run.run_id.value);
      }
    }
  }
}

void Mirror::check_items(const MirrorRun& run) {
  const std::string& name = run.run_id.value;
  if (run.check.closed()) {
    for (const auto& [key, item] : run.items) {
      const bool outgoing = key.kind == ItemKind::kReportToParent || key.kind == ItemKind::kParentClose;
      report_.expect((outgoing || !item.due_at) && item.queue.empty(), "T4",
                     "run {} is closed and item {} of kind {} is pending", name, key.id,
                     static_cast<int>(key.kind));
    }
    return;
  }
  const bool has_workflow_task = run.items.contains(ItemKey{ItemKind::kWorkflowTask, 0});
  report_.expect(has_workflow_task || !run.check.workflow_task(), "T4",
                 "run {}: workflow task {} is outstanding and has no item", name,
                 run.check.workflow_task() ? run.check.workflow_task()->scheduled_event_id : 0);
  // While a workflow task is started, what happened to a timer or an activity is buffered, not yet in the
  // history.
  check_item_of_timers(run, has_workflow_task);
  check_item_of_activities(run, has_workflow_task);
  check_run_timeouts(run);
}

void Mirror::check_item_of_timers(const MirrorRun& run, bool may_be_buffered) {
  std::set<std::int64_t> pending;
  for (const auto& [started, timer] : run.check.timers()) {
    pending.insert(started);
    const auto found = run.items.find(ItemKey{ItemKind::kTimer, started});
    report_.expect(found != run.items.end() || may_be_buffered, "T4", "run {}: timer {} has no item",
                   run.run_id.value, timer.timer_id);
    if (found != run.items.end()) {
      report_.expect(found->second.due_at == timer.fires_at, "T4",
                     "run {}: timer {} fires at {}, its item is due at {}", run.run_id.value, timer.timer_id,
                     timer.fires_at.nanos, found->second.due_at.value_or(Timestamp{}).nanos);
    }
  }
  for (const auto& [key, item] : run.items) {
    report_.expect(key.kind != ItemKind::kTimer || pending.contains(key.id), "T4",
                   "run {}: an item for timer {}, which is not pending", run.run_id.value, key.id);
  }
}

void Mirror::check_item_of_activities(const MirrorRun& run, bool may_be_buffered) {
  for (const auto& [scheduled, activity] : run.check.activities()) {
    const auto found = run.items.find(ItemKey{ItemKind::kActivity, scheduled});
    report_.expect(found != run.items.end() || may_be_buffered, "T4", "run {}: activity {} has no item",
                   run.run_id.value, scheduled);
    if (found == run.items.end()) {
      continue;
    }
    const Item& item = found->second;
    const Duration to_close = api::from_proto(activity.attributes.schedule_to_close_timeout());
    report_.expect(to_close.count() == 0 || (item.due_at && *item.due_at <= activity.scheduled_at + to_close),
                   "T4", "run {}: activity {} must close by {}, its item is due at {}", run.run_id.value,
                   scheduled, (activity.scheduled_at + to_close).nanos,
                   item.due_at.value_or(Timestamp{}).nanos);
    report_.expect(!item.queue.empty() || item.due_at, "T4",
                   "run {}: activity {} waits neither for a worker nor for a time", run.run_id.value,
                   scheduled);
  }
  for (const auto& [key, item] : run.items) {
    report_.expect(key.kind != ItemKind::kActivity || run.check.activities().contains(key.id), "T4",
                   "run {}: an item for activity {}, which is not pending", run.run_id.value, key.id);
  }
}

void Mirror::check_run_timeouts(const MirrorRun& run) {
  const auto& start = run.check.start();
  const Duration timeout = api::from_proto(start.workflow_run_timeout());
  std::optional<Timestamp> earliest;
  for (const ItemKind kind : {ItemKind::kRunTimeout, ItemKind::kExecutionTimeout}) {
    const auto found = run.items.find(ItemKey{kind, 0});
    if (found != run.items.end() && (!earliest || *found->second.due_at < *earliest)) {
      earliest = found->second.due_at;
    }
  }
  if (timeout.count() > 0) {
    // An execution's expiration is a whole millisecond, and takes the place of a run timeout as long as
    // itself.
    const Duration rounding =
        start.has_workflow_execution_expiration_time() ? Duration(1'000'000) : Duration{};
    // A reset run has the first event of another, and its time from its own beginning.
    const Timestamp end = std::max(run.check.start_time(), run.created_at) + timeout +
                          api::from_proto(start.first_workflow_task_backoff()) + rounding;
    report_.expect(earliest && *earliest <= end, "T4", "run {} times out at {}, its item is due at {}",
                   run.run_id.value, end.nanos, earliest.value_or(Timestamp{}).nanos);
  }
}

const MirrorRun* Mirror::find_run(const std::string& run_id) const {
  const auto found = by_run_id_.find(run_id);
  return found == by_run_id_.end() ? nullptr : found->second;
}

const MirrorRun* Mirror::current(const std::string& workflow_id) const {
  const auto found = current_.find({NamespaceName(kNamespace), WorkflowId(workflow_id)});
  return found == current_.end() ? nullptr : found->second;
}

const std::vector<Snapshot>& Mirror::timeline(const std::string& workflow_id) const {
  static const std::vector<Snapshot> kNone;
  const auto found = timelines_.find(workflow_id);
  return found == timelines_.end() ? kNone : found->second;
}

const std::vector<std::int64_t>& Mirror::touches(const std::string& run_id, ItemKey item) const {
  static const std::vector<std::int64_t> kNone;
  const auto found = touches_.find({run_id, item});
  return found == touches_.end() ? kNone : found->second;
}

}  // namespace perdure::sim
