#include "engine/execution.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/convert.h"
#include "base/check.h"
#include "engine/queue_key.h"

namespace perdure::engine {

namespace {

constexpr int kFormat = 1;
constexpr int kInlineSignalRequests =
    32;  // then they move to an item of their own, which is never written again

constexpr ItemKey kTask{ItemKind::kWorkflowTask, 0};

std::optional<Timestamp> earliest(std::optional<Timestamp> a, std::optional<Timestamp> b) {
  if (!a || !b) {
    return a ? a : b;
  }
  return std::min(*a, *b);
}

std::optional<Timestamp> after(std::int64_t start, std::int64_t timeout) {
  if (timeout <= 0) {
    return std::nullopt;
  }
  return Timestamp{start} + Duration(timeout);
}

void describe_workflow_task(const state::WorkflowTaskState& task, const std::string& namespace_name,
                            Item* item) {
  if (task.started_event_id() != 0) {
    item->due_at = after(task.started_time(), task.start_to_close_timeout());
    item->holder = task.holder();
    return;
  }
  item->queue = queue_key(TaskKind::kWorkflow, namespace_name, task.queue());
  if (task.schedule_to_start_deadline() != 0) {
    item->due_at = Timestamp{task.schedule_to_start_deadline()};
  }
}

void describe_activity(const state::ActivityState& activity, const std::string& namespace_name, Item* item) {
  item->due_at = after(activity.first_scheduled_time(), activity.schedule_to_close_timeout());
  switch (activity.phase()) {
    case state::ActivityState::PHASE_WAITING:
      item->queue = queue_key(TaskKind::kActivity, namespace_name, activity.task_queue());
      item->due_at =
          earliest(item->due_at, after(activity.scheduled_time(), activity.schedule_to_start_timeout()));
      break;
    case state::ActivityState::PHASE_BACKOFF:
      item->due_at = earliest(item->due_at, Timestamp{activity.scheduled_time()});
      break;
    case state::ActivityState::PHASE_STARTED: {
      item->due_at =
          earliest(item->due_at, after(activity.started_time(), activity.start_to_close_timeout()));
      const std::int64_t beat = std::max(activity.started_time(), activity.last_heartbeat_time());
      item->due_at = earliest(item->due_at, after(beat, activity.heartbeat_timeout()));
      item->holder = activity.holder();
      break;
    }
    default:
      check(false, "an activity is in one of its phases");
  }
}

// Of what is to be sent to another run: since when. None: nothing, or not any more.
std::optional<Timestamp> outgoing_due_at(const Pending& pending) {
  if (const auto* child = std::get_if<state::ChildState>(&pending)) {
    return child->start_at() == 0 ? std::nullopt : std::optional(Timestamp{child->start_at()});
  }
  if (const auto* signal = std::get_if<state::ExternalSignalState>(&pending)) {
    return Timestamp{signal->due_time()};
  }
  if (const auto* cancel = std::get_if<state::ExternalCancelState>(&pending)) {
    return Timestamp{cancel->due_time()};
  }
  if (const auto* report = std::get_if<state::ReportState>(&pending)) {
    return Timestamp{report->due_time()};
  }
  if (const auto* told = std::get_if<state::ParentCloseState>(&pending)) {
    return Timestamp{told->due_time()};
  }
  return std::nullopt;
}

Status unreadable(const StoredRun& stored, const std::string& what) {
  return data_loss(
      fmt::format("run {} of workflow {:?} (execution {}): {}; check the state directory with `perdure fsck`",
                  stored.run_id.value, stored.key.workflow_id.value, stored.execution.value, what));
}

template <class Message>
std::optional<Pending> parse(const std::string& bytes) {
  Message message;
  if (!message.ParseFromString(bytes)) {
    return std::nullopt;
  }
  return Pending(std::move(message));
}

std::optional<Pending> parse_item(const Item& item) {
  switch (item.key.kind) {
    case ItemKind::kWorkflowTask:
      return parse<state::WorkflowTaskState>(item.state);
    case ItemKind::kActivity:
      return parse<state::ActivityState>(item.state);
    case ItemKind::kTimer:
      return parse<state::TimerState>(item.state);
    case ItemKind::kRunTimeout:
    case ItemKind::kExecutionTimeout:
    case ItemKind::kStartBackoff:
      return parse<state::DeadlineState>(item.state);
    case ItemKind::kSignalRequestIds:
      return parse<state::SignalRequestIds>(item.state);
    case ItemKind::kUpdate:
      return parse<state::UpdateState>(item.state);
    case ItemKind::kChild:
      return parse<state::ChildState>(item.state);
    case ItemKind::kExternalSignal:
      return parse<state::ExternalSignalState>(item.state);
    case ItemKind::kExternalCancel:
      return parse<state::ExternalCancelState>(item.state);
    case ItemKind::kReportToParent:
      return parse<state::ReportState>(item.state);
    case ItemKind::kParentClose:
      return parse<state::ParentCloseState>(item.state);
  }
  return std::nullopt;
}

}  // namespace

Execution::Execution(ExecutionId id, WorkflowKey key, RunId run_id)
    : id_(id), key_(std::move(key)), run_id_(std::move(run_id)) {
  info_.set_format(kFormat);
  info_.set_next_event_id(1);
  info_.set_workflow_task_attempt(1);
}

bool Execution::running() const {
  return info_.status() == temporal::api::enums::v1::WORKFLOW_EXECUTION_STATUS_RUNNING;
}

const Pending* Execution::find(ItemKey key) const {
  auto found = pending_.find(key);
  return found == pending_.end() ? nullptr : &found->second.pending;
}

Pending& Execution::add(ItemKey key, Pending pending) {
  touch(key);
  auto [place, added] = pending_.try_emplace(key, Entry{std::move(pending), 0});
  check(added, "an item is added once");
  index(key, place->second.pending);
  return place->second.pending;
}

Pending& Execution::change(ItemKey key) {
  touch(key);
  auto found = pending_.find(key);
  check(found != pending_.end(), "an item that changes is there");
  return found->second.pending;
}

void Execution::remove(ItemKey key) {
  auto found = pending_.find(key);
  if (found == pending_.end()) {
    return;
  }
  unindex(key, found->second.pending);
  stored_bytes_ -= found->second.bytes;
  dirty_.try_emplace(key, true);
  if (savepoint_) {
    savepoint_->before.try_emplace(key, std::move(found->second));
  }
  pending_.erase(found);
}

const state::WorkflowTaskState* Execution::workflow_task() const {
  if (speculative_) {
    return &*speculative_;
  }
  const Pending* pending = find(kTask);
  return pending == nullptr ? nullptr : &std::get<state::WorkflowTaskState>(*pending);
}

state::WorkflowTaskState& Execution::change_workflow_task() {
  check(!speculative_, "a speculative task is made durable before it changes");
  return std::get<state::WorkflowTaskState>(change(kTask));
}

std::int64_t Execution::find_update(std::string_view update_id) const {
  auto found = update_ids_.find(update_id);
  return found == update_ids_.end() ? 0 : found->second;
}

const state::UpdateState* Execution::update(std::int64_t accepted_event_id) const {
  const Pending* pending = find({ItemKind::kUpdate, accepted_event_id});
  return pending == nullptr ? nullptr : &std::get<state::UpdateState>(*pending);
}

std::size_t Execution::updates_in_flight() const {
  std::size_t count = admitted_.size();
  for (const auto& [update_id, accepted_event_id] : update_ids_) {
    count += update(accepted_event_id)->completed_event_id() == 0 ? 1 : 0;
  }
  return count;
}

const state::ActivityState* Execution::activity(std::int64_t scheduled_event_id) const {
  const Pending* pending = find({ItemKind::kActivity, scheduled_event_id});
  return pending == nullptr ? nullptr : &std::get<state::ActivityState>(*pending);
}

state::ActivityState& Execution::change_activity(std::int64_t scheduled_event_id) {
  return std::get<state::ActivityState>(change({ItemKind::kActivity, scheduled_event_id}));
}

std::int64_t Execution::find_activity(std::string_view activity_id) const {
  auto found = activity_ids_.find(activity_id);
  return found == activity_ids_.end() ? 0 : found->second;
}

std::int64_t Execution::find_timer(std::string_view timer_id) const {
  auto found = timer_ids_.find(timer_id);
  return found == timer_ids_.end() ? 0 : found->second;
}

bool Execution::knows_signal_request(std::string_view request_id) const {
  return signal_requests_.contains(request_id);
}

void Execution::add_signal_request(const std::string& request_id) {
  if (info_.signal_request_ids_size() >= kInlineSignalRequests) {
    state::SignalRequestIds full;
    full.mutable_request_ids()->Swap(info_.mutable_signal_request_ids());
    info_.set_signal_request_id_items(info_.signal_request_id_items() + 1);
    add({ItemKind::kSignalRequestIds, info_.signal_request_id_items()}, std::move(full));
  }
  info_.add_signal_request_ids(request_id);
  signal_requests_.insert(request_id);
}

bool Execution::has_started_workflow_task() const {
  const state::WorkflowTaskState* task = workflow_task();
  return task != nullptr && (volatile_.has_value() || task->started_event_id() != 0);
}

void Execution::touch(ItemKey key) {
  auto found = pending_.find(key);
  const bool there = found != pending_.end();
  if (savepoint_) {
    savepoint_->before.try_emplace(key, there ? std::optional<Entry>(found->second) : std::nullopt);
  }
  dirty_.try_emplace(key, there);
}

void Execution::index(ItemKey key, const Pending& pending) {
  ++counts_[key.kind];
  if (key.kind == ItemKind::kActivity) {
    activity_ids_.emplace(std::get<state::ActivityState>(pending).activity_id(), key.id);
  } else if (key.kind == ItemKind::kTimer) {
    timer_ids_.emplace(std::get<state::TimerState>(pending).timer_id(), key.id);
  } else if (key.kind == ItemKind::kUpdate) {
    update_ids_.emplace(std::get<state::UpdateState>(pending).update_id(), key.id);
  }
}

void Execution::unindex(ItemKey key, const Pending& pending) {
  --counts_[key.kind];
  if (key.kind == ItemKind::kActivity) {
    activity_ids_.erase(std::get<state::ActivityState>(pending).activity_id());
  } else if (key.kind == ItemKind::kTimer) {
    timer_ids_.erase(std::get<state::TimerState>(pending).timer_id());
  } else if (key.kind == ItemKind::kUpdate) {
    update_ids_.erase(std::get<state::UpdateState>(pending).update_id());
  }
}

void Execution::save() {
  check(!savepoint_, "one savepoint at a time");
  savepoint_ = Savepoint{info_, {}, dirty_, new_events_.events_size(), volatile_, speculative_, admitted_};
}

void Execution::roll_back() {
  check(savepoint_.has_value(), "there is a savepoint to go back to");
  Savepoint saved = std::move(*savepoint_);
  savepoint_.reset();
  info_ = std::move(saved.info);
  dirty_ = std::move(saved.dirty);
  volatile_ = std::move(saved.volatile_start);
  speculative_ = std::move(saved.speculative);
  admitted_ = std::move(saved.admitted);
  new_events_.mutable_events()->DeleteSubrange(saved.new_events,
                                               new_events_.events_size() - saved.new_events);
  for (const auto& [key, entry] : saved.before) {
    if (auto now = pending_.find(key); now != pending_.end()) {
      unindex(key, now->second.pending);
      stored_bytes_ -= now->second.bytes;
      pending_.erase(now);
    }
  }
  for (auto& [key, entry] : saved.before) {
    if (entry) {
      index(key, entry->pending);
      stored_bytes_ += entry->bytes;
      pending_.emplace(key, std::move(*entry));
    }
  }
}

void Execution::forget_savepoint() { savepoint_.reset(); }

bool Execution::dirty() const { return !dirty_.empty() || new_events_.events_size() != 0; }

RunWrite Execution::take_changes(temporal::api::history::v1::History* events) {
  RunWrite write;
  write.execution = id_;
  write.key = key_;
  write.run_id = run_id_;
  if (new_events_.events_size() != 0) {
    HistoryBatch& batch = write.append.emplace_back();
    batch.first_event_id = new_events_.events(0).event_id();
    batch.event_count = new_events_.events_size();
    batch.events = api::serialize(new_events_);
    info_.set_history_bytes(info_.history_bytes() + static_cast<std::int64_t>(batch.events.size()));
    events->Swap(&new_events_);
    new_events_.Clear();
  }
  info_.set_state_transition_count(info_.state_transition_count() + 1);
  write.state = serialize_state();
  state_bytes_ = write.state.size();
  for (const auto& [key, was_stored] : dirty_) {
    auto found = pending_.find(key);
    if (found != pending_.end()) {
      Item& item = write.upsert.emplace_back(make_item(key));
      stored_bytes_ += item.state.size();
      stored_bytes_ -= found->second.bytes;
      found->second.bytes = item.state.size();
    } else if (was_stored) {
      write.erase.push_back(key);
    }
  }
  dirty_.clear();
  return write;
}

Item Execution::make_item(ItemKey key) const {
  const Pending* pending = find(key);
  check(pending != nullptr, "an item that is stored is there");
  Item item;
  item.key = key;
  item.state = std::visit([](const auto& message) { return api::serialize(message); }, *pending);
  const std::string& namespace_name = key_.namespace_name.value;
  if (const auto* task = std::get_if<state::WorkflowTaskState>(pending)) {
    describe_workflow_task(*task, namespace_name, &item);
  } else if (const auto* activity = std::get_if<state::ActivityState>(pending)) {
    describe_activity(*activity, namespace_name, &item);
  } else if (const auto* timer = std::get_if<state::TimerState>(pending)) {
    item.due_at = Timestamp{timer->fire_time()};
  } else if (const auto* deadline = std::get_if<state::DeadlineState>(pending)) {
    item.due_at = Timestamp{deadline->due_time()};
  } else {
    item.due_at = outgoing_due_at(*pending);
  }
  return item;
}

std::string Execution::serialize_state() const { return api::serialize(info_); }

std::size_t Execution::approximate_bytes() const {
  // Parsed messages take about twice their encoded size, and some for the object itself.
  return 1024 + 2 * (state_bytes_ + stored_bytes_ + admitted_.bytes()) + 256 * pending_.size();
}

Result<std::unique_ptr<Execution>> load_execution(const StoredRun& stored) {
  auto run = std::make_unique<Execution>(stored.execution, stored.key, stored.run_id);
  if (!run->info_.ParseFromString(stored.state)) {
    return unreadable(stored, "its state is not an ExecutionState");
  }
  run->state_bytes_ = stored.state.size();
  if (run->info_.format() != kFormat) {
    return unreadable(stored,
                      fmt::format("its state has format {}, this program reads format {}; open it with the "
                                  "version that wrote it or a newer one",
                                  run->info_.format(), kFormat));
  }
  for (const Item& item : stored.items) {
    std::optional<Pending> pending = parse_item(item);
    if (!pending) {
      return unreadable(stored, fmt::format("item {} of kind {} is not readable", item.key.id,
                                            static_cast<int>(item.key.kind)));
    }
    if (run->find(item.key) != nullptr) {
      return unreadable(stored, fmt::format("item {} of kind {} is there twice", item.key.id,
                                            static_cast<int>(item.key.kind)));
    }
    run->add(item.key, std::move(*pending));
    run->pending_[item.key].bytes = item.state.size();
    run->stored_bytes_ += item.state.size();
    if (item.key.kind == ItemKind::kSignalRequestIds) {
      const auto& ids = std::get<state::SignalRequestIds>(*run->find(item.key)).request_ids();
      run->signal_requests_.insert(ids.begin(), ids.end());
    }
  }
  run->signal_requests_.insert(run->info_.signal_request_ids().begin(),
                               run->info_.signal_request_ids().end());
  run->dirty_.clear();
  return run;
}

StoredRun store_execution(const Execution& run) {
  StoredRun stored;
  stored.execution = run.id();
  stored.key = run.key();
  stored.run_id = run.run_id();
  stored.state = run.serialize_state();
  run.for_each([&](ItemKey key, const Pending&) { stored.items.push_back(run.make_item(key)); });
  return stored;
}

ExecutionId execution_id(const Execution& run) { return run.id(); }
const WorkflowKey& workflow_key(const Execution& run) { return run.key(); }
const RunId& run_id(const Execution& run) { return run.run_id(); }
bool is_closed(const Execution& run) { return !run.running(); }
std::int64_t next_event_id(const Execution& run) { return run.info().next_event_id(); }
const std::string& first_run_id(const Execution& run) { return run.info().first_run_id(); }
const std::string& successor_run_id(const Execution& run) { return run.info().successor_run_id(); }
int execution_status(const Execution& run) { return run.info().status(); }
bool is_started_by(const Execution& run, std::string_view request_id) {
  return !request_id.empty() && run.info().start_request_id() == request_id;
}
std::size_t approximate_bytes(const Execution& run) { return run.approximate_bytes(); }
bool knows_more_than_store(const Execution& run) {
  return !run.admitted().empty() || run.has_speculative_task();
}

std::string queue_behind_sticky(const Execution& run) {
  const state::WorkflowTaskState* task = run.workflow_task();
  if (task == nullptr || !task->sticky() || run.has_started_workflow_task()) {
    return {};
  }
  return queue_key(TaskKind::kWorkflow, run.key().namespace_name.value, run.info().task_queue());
}

TasksUnderWay tasks_under_way(const Execution& run) {
  TasksUnderWay tasks;
  if (!run.running()) {
    return tasks;
  }
  tasks.workflow_task = run.workflow_task() != nullptr;
  run.for_each([&tasks](ItemKey, const Pending& pending) {
    const auto* activity = std::get_if<state::ActivityState>(&pending);
    tasks.activities |= activity != nullptr && activity->phase() == state::ActivityState::PHASE_STARTED;
  });
  return tasks;
}

}  // namespace perdure::engine
