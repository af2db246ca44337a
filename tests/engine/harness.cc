#include "harness.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "api/convert.h"
#include "base/check.h"
#include "engine/outbox.h"
#include "engine/queue_key.h"

namespace perdure::engine::testing {

namespace {

bool is_closing(enums::EventType type) {
  switch (type) {
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT:
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED:
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED:
      return true;
    default:
      return false;
  }
}

// Events that refer to a scheduled (or started, for timers) event and settle it: which, or 0.
std::int64_t settles(const history::HistoryEvent& event) {
  switch (event.event_type()) {
    case enums::EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
      return event.workflow_task_completed_event_attributes().scheduled_event_id();
    case enums::EVENT_TYPE_WORKFLOW_TASK_FAILED:
      return event.workflow_task_failed_event_attributes().scheduled_event_id();
    case enums::EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT:
      return event.workflow_task_timed_out_event_attributes().scheduled_event_id();
    case enums::EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
      return event.activity_task_completed_event_attributes().scheduled_event_id();
    case enums::EVENT_TYPE_ACTIVITY_TASK_FAILED:
      return event.activity_task_failed_event_attributes().scheduled_event_id();
    case enums::EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:
      return event.activity_task_timed_out_event_attributes().scheduled_event_id();
    case enums::EVENT_TYPE_ACTIVITY_TASK_CANCELED:
      return event.activity_task_canceled_event_attributes().scheduled_event_id();
    case enums::EVENT_TYPE_TIMER_FIRED:
      return event.timer_fired_event_attributes().started_event_id();
    case enums::EVENT_TYPE_TIMER_CANCELED:
      return event.timer_canceled_event_attributes().started_event_id();
    case enums::EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_SIGNALED:
      return event.external_workflow_execution_signaled_event_attributes().initiated_event_id();
    case enums::EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED:
      return event.signal_external_workflow_execution_failed_event_attributes().initiated_event_id();
    case enums::EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED:
      return event.external_workflow_execution_cancel_requested_event_attributes().initiated_event_id();
    case enums::EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED:
      return event.request_cancel_external_workflow_execution_failed_event_attributes().initiated_event_id();
    case enums::EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_FAILED:
      return event.start_child_workflow_execution_failed_event_attributes().initiated_event_id();
    case enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED:
      return event.child_workflow_execution_completed_event_attributes().initiated_event_id();
    case enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED:
      return event.child_workflow_execution_failed_event_attributes().initiated_event_id();
    case enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED:
      return event.child_workflow_execution_canceled_event_attributes().initiated_event_id();
    case enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TERMINATED:
      return event.child_workflow_execution_terminated_event_attributes().initiated_event_id();
    case enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TIMED_OUT:
      return event.child_workflow_execution_timed_out_event_attributes().initiated_event_id();
    default:
      return 0;
  }
}

std::int64_t started_of(const history::HistoryEvent& event) {
  switch (event.event_type()) {
    case enums::EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
      return event.workflow_task_completed_event_attributes().started_event_id();
    case enums::EVENT_TYPE_WORKFLOW_TASK_FAILED:
      return event.workflow_task_failed_event_attributes().started_event_id();
    case enums::EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT:
      return event.workflow_task_timed_out_event_attributes().started_event_id();
    case enums::EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
      return event.activity_task_completed_event_attributes().started_event_id();
    case enums::EVENT_TYPE_ACTIVITY_TASK_FAILED:
      return event.activity_task_failed_event_attributes().started_event_id();
    case enums::EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:
      return event.activity_task_timed_out_event_attributes().started_event_id();
    case enums::EVENT_TYPE_ACTIVITY_TASK_CANCELED:
      return event.activity_task_canceled_event_attributes().started_event_id();
    case enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED:
      return event.child_workflow_execution_completed_event_attributes().started_event_id();
    case enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED:
      return event.child_workflow_execution_failed_event_attributes().started_event_id();
    case enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED:
      return event.child_workflow_execution_canceled_event_attributes().started_event_id();
    case enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TERMINATED:
      return event.child_workflow_execution_terminated_event_attributes().started_event_id();
    case enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TIMED_OUT:
      return event.child_workflow_execution_timed_out_event_attributes().started_event_id();
    default:
      return 0;
  }
}

void check_history(const std::vector<history::HistoryEvent>& events) {
  std::set<std::int64_t> settled;
  std::int64_t id = 1;
  Timestamp time{};
  bool closed = false;
  int open_workflow_tasks = 0;
  for (const history::HistoryEvent& event : events) {
    ASSERT_FALSE(closed) << "an event after the closing one";
    ASSERT_EQ(event.event_id(), id++);
    ASSERT_EQ(event.event_type() == enums::EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, event.event_id() == 1);
    ASSERT_LE(time, api::from_proto(event.event_time()));
    time = api::from_proto(event.event_time());
    closed = is_closing(event.event_type());
    if (const std::int64_t scheduled = settles(event); scheduled != 0) {
      ASSERT_LT(scheduled, event.event_id());
      ASSERT_TRUE(settled.insert(scheduled).second) << "event " << scheduled << " is settled twice";
    }
    if (const std::int64_t started = started_of(event); started != 0) {
      ASSERT_LT(started, event.event_id());
      const enums::EventType type = events[static_cast<std::size_t>(started - 1)].event_type();
      ASSERT_TRUE(type == enums::EVENT_TYPE_WORKFLOW_TASK_STARTED ||
                  type == enums::EVENT_TYPE_ACTIVITY_TASK_STARTED ||
                  type == enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED);
    }
    open_workflow_tasks += event.event_type() == enums::EVENT_TYPE_WORKFLOW_TASK_SCHEDULED ? 1 : 0;
    open_workflow_tasks -= event.event_type() == enums::EVENT_TYPE_WORKFLOW_TASK_COMPLETED ? 1 : 0;
    open_workflow_tasks -= event.event_type() == enums::EVENT_TYPE_WORKFLOW_TASK_FAILED ? 1 : 0;
    open_workflow_tasks -= event.event_type() == enums::EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT ? 1 : 0;
    ASSERT_LE(open_workflow_tasks, 1);
  }
}

bool same_item(const Item& a, const Item& b) {
  return a.key == b.key && a.due_at == b.due_at && a.queue == b.queue && a.holder == b.holder &&
         a.state == b.state;
}

StoredRun stored_form(const KeptRun& run) {
  StoredRun stored{run.id, run.key, run.run_id, run.state, {}};
  for (const auto& [key, item] : run.items) {
    stored.items.push_back(item);
  }
  return stored;
}

void expect_same(const StoredRun& a, const StoredRun& b) {
  ASSERT_EQ(a.run_id, b.run_id);
  ASSERT_EQ(a.state, b.state);
  ASSERT_EQ(a.items.size(), b.items.size());
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    ASSERT_TRUE(same_item(a.items[i], b.items[i]))
        << "item " << static_cast<int>(a.items[i].key.kind) << "/" << a.items[i].key.id;
  }
}

}  // namespace

Context World::context() {
  Context context;
  context.now = now_;
  context.random = &random_;
  context.incarnation = incarnation_;
  context.new_execution_id = [this] { return ExecutionId{++executions_}; };
  return context;
}

void World::run(const std::function<void(Outcome&)>& command) {
  Outcome out;
  command(out);
  std::set<ExecutionId> touched;
  if (!out.writes.empty()) {
    ++sequence_;
  }
  for (const RunWrite& write : out.writes) {
    keep(write);
    touched.insert(write.execution);
  }
  check_ready(out);
  ready_.insert(ready_.end(), out.ready.begin(), out.ready.end());
  for (auto& created : out.created) {
    const ExecutionId id = created->id();
    live_[id] = std::move(created);
  }
  for (ExecutionId id : touched) {
    check_run(id);
  }
  for (const RunWrite& write : out.writes) {
    std::vector<ItemKey> outgoing;
    for (const Item& item : write.upsert) {
      if (!outbox_is_held_ && is_outgoing(item.key.kind) && item.due_at) {
        outgoing.push_back(item.key);
      }
    }
    std::sort(outgoing.begin(), outgoing.end(),
              [](ItemKey a, ItemKey b) { return std::pair(a.id, a.kind) < std::pair(b.id, b.kind); });
    for (const ItemKey item : outgoing) {
      deliver_item(write.execution, item);
    }
  }
}

Execution* World::find(const WorkflowKey& key, const RunId& run_id) {
  for (const auto& [id, run] : store_) {
    if (run.key == key && run.run_id == run_id) {
      return live_.at(id).get();
    }
  }
  const auto current = current_.find(key.workflow_id.value);
  return run_id.empty() && current != current_.end() ? live_.at(current->second).get() : nullptr;
}

void World::deliver_item(ExecutionId source, ItemKey item) {
  Execution& from = *live_.at(source);
  if (const std::optional<Address> address = address_of(from, item)) {
    RunId to = address->run_id;
    for (bool again = true; again;) {
      run([&](Outcome& out) {
        const RunId redirect = deliver(out, from, item, find(address->key, to), context());
        again = !redirect.empty();
        to = redirect;
      });
    }
  }
}

void World::keep(const RunWrite& write) {
  KeptRun& kept = store_[write.execution];
  ASSERT_EQ(write.create, kept.run_id.empty());
  kept.id = write.execution;
  kept.key = write.key;
  kept.run_id = write.run_id;
  kept.state = write.state;
  for (const HistoryBatch& batch : write.append) {
    history::History events;
    ASSERT_TRUE(events.ParseFromString(batch.events));
    ASSERT_EQ(events.events_size(), batch.event_count);
    ASSERT_EQ(batch.first_event_id, static_cast<std::int64_t>(kept.events.size()) + 1);
    for (const history::HistoryEvent& event : events.events()) {
      kept.events.push_back(event);
      new_events_.emplace_back(write.execution, event);
    }
  }
  for (const Item& item : write.upsert) {
    auto before = kept.items.find(item.key);
    ASSERT_TRUE(item.key.kind != ItemKind::kActivity || before == kept.items.end() ||
                before->second.queue.empty() || item.queue.empty())
        << "a waiting activity was written again and would lose its place";
    kept.items[item.key] = item;
    kept.items[item.key].ready_order = item.queue.empty() ? 0 : sequence_;
  }
  for (const ItemKey& key : write.erase) {
    ASSERT_EQ(kept.items.erase(key), 1U) << "an item was erased that was not there";
  }
  if (write.make_current) {
    current_[write.key.workflow_id.value] = write.execution;
  }
}

void World::check_ready(const Outcome& out) const {
  for (const ReadyTask& task : out.ready) {
    const Item& item = store_.at(task.execution).items.at(task.item);
    ASSERT_EQ(item.queue, task.queue);
    ASSERT_EQ(item.ready_order, sequence_);
  }
}

void World::check_run(ExecutionId id) {
  const KeptRun& kept = store_.at(id);
  const StoredRun stored = stored_form(kept);
  expect_same(stored, store_execution(*live_.at(id)));
  Result<std::unique_ptr<Execution>> loaded = load_execution(stored);
  ASSERT_TRUE(loaded.ok()) << loaded.status().to_string();
  expect_same(stored, store_execution(**loaded));
  check_history(kept.events);
  ASSERT_EQ(next_event_id(*live_.at(id)), static_cast<std::int64_t>(kept.events.size()) + 1);
  ASSERT_EQ(is_closed(*live_.at(id)), is_closing(kept.events.back().event_type()));
  for (const auto& [key, item] : kept.items) {
    ASSERT_TRUE(!is_closed(*live_.at(id)) || outlives_close(key.kind)) << static_cast<int>(key.kind);
  }
}

Result<StartReply> World::start(const wire::StartWorkflowExecutionRequest& request) {
  Execution* current = knows(request.workflow_id()) ? &execution(request.workflow_id()) : nullptr;
  std::optional<Result<StartReply>> reply;
  run([&](Outcome& out) { reply = start_workflow(out, current, request, context()); });
  return *reply;
}

Result<wire::ResetWorkflowExecutionResponse> World::reset(
    const std::string& workflow_id, int number, const wire::ResetWorkflowExecutionRequest& request) {
  ExecutionId base = current_.at(workflow_id);
  ResetHistory histories;
  bool behind = false;
  for (const auto& [id, run] : store_) {
    if (run.key.workflow_id.value != workflow_id) {
      continue;
    }
    if (number > 0 && --number == 0) {
      base = id;
    }
  }
  history::History kept;
  for (const auto& [id, run] : store_) {
    behind |= id == base;
    if (run.key.workflow_id.value != workflow_id || !behind) {
      continue;
    }
    for (const history::HistoryEvent& event : run.events) {
      if (id == base && event.event_id() < request.workflow_task_finish_event_id()) {
        *kept.add_events() = event;
      } else {
        histories.later.push_back(event);
      }
    }
    behind = run.events.back().event_type() == enums::EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW;
  }
  histories.kept.push_back({1, kept.events_size(), api::serialize(kept)});
  std::optional<Result<wire::ResetWorkflowExecutionResponse>> reply;
  run([&](Outcome& out) {
    reply = reset_workflow(out, *live_.at(base), execution(workflow_id), std::move(histories), request,
                           context());
  });
  return *reply;
}

std::optional<std::pair<ExecutionId, ItemKey>> World::first_waiting(const std::string& queue) const {
  std::optional<std::tuple<std::int64_t, ExecutionId, ItemKey>> first;
  for (const auto& [id, run] : store_) {
    for (const auto& [key, item] : run.items) {
      const bool handed_out =
          key.kind == ItemKind::kWorkflowTask && live_.at(id)->volatile_start() != nullptr;
      if (item.queue == queue && !handed_out) {
        const std::tuple<std::int64_t, ExecutionId, ItemKey> candidate{item.ready_order, id, key};
        first = first ? std::min(*first, candidate) : candidate;
      }
    }
  }
  if (!first) {
    return std::nullopt;
  }
  return std::pair{std::get<1>(*first), std::get<2>(*first)};
}

std::optional<Result<WorkflowTaskStart>> World::poll_workflow(const Worker& worker,
                                                              std::string* workflow_id) {
  const auto task = first_waiting(queue_key(TaskKind::kWorkflow, "default", worker.queue));
  if (!task) {
    return std::nullopt;
  }
  if (workflow_id != nullptr) {
    *workflow_id = store_.at(task->first).key.workflow_id.value;
  }
  const PollerInfo poller{worker.identity, fmt::format("poll-{}", ++polls_),
                          worker.in_process ? incarnation_ : 0, worker.queue, worker.sticky};
  std::optional<Result<WorkflowTaskStart>> answer;
  run([&](Outcome& out) { answer = start_workflow_task(out, *live_.at(task->first), poller, context()); });
  return answer;
}

std::optional<Result<ActivityTaskStart>> World::poll_activity(const Worker& worker,
                                                              std::string* workflow_id) {
  const auto task = first_waiting(queue_key(TaskKind::kActivity, "default", worker.queue));
  if (!task) {
    return std::nullopt;
  }
  if (workflow_id != nullptr) {
    *workflow_id = store_.at(task->first).key.workflow_id.value;
  }
  const PollerInfo poller{worker.identity, fmt::format("poll-{}", ++polls_),
                          worker.in_process ? incarnation_ : 0, worker.queue, false};
  std::optional<Result<ActivityTaskStart>> answer;
  run([&](Outcome& out) {
    answer = start_activity(out, *live_.at(task->first), task->second.id, poller, context());
  });
  return answer;
}

std::optional<std::pair<ExecutionId, ItemKey>> World::next_due(Timestamp limit, Timestamp* time) const {
  std::optional<std::pair<ExecutionId, ItemKey>> next;
  *time = limit;
  auto consider = [&](ExecutionId id, ItemKey key, std::optional<Timestamp> due) {
    if (due && (*due < *time || (!next && *due == limit))) {
      next = {id, key};
      *time = *due;
    }
  };
  for (const auto& [id, run] : store_) {
    for (const auto& [key, item] : run.items) {
      consider(id, key, item.due_at);
    }
    consider(id, {ItemKind::kWorkflowTask, 0}, volatile_deadline(*live_.at(id)));
  }
  return next;
}

void World::advance(Duration duration) {
  const Timestamp end = now_ + duration;
  Timestamp time{};
  for (int steps = 0;; ++steps) {
    check(steps < 100'000, "time goes on: something stays due for ever");
    const auto due = next_due(end, &time);
    if (!due) {
      break;
    }
    now_ = std::max(now_, time);
    if (is_outgoing(due->second.kind)) {
      deliver_item(due->first, due->second);
    } else {
      run([&](Outcome& out) { item_due(out, *live_.at(due->first), due->second, context()); });
    }
  }
  now_ = end;
}

void World::crash() {
  ++incarnation_;
  live_.clear();
  for (const auto& [id, run] : store_) {
    Result<std::unique_ptr<Execution>> loaded = load_execution(stored_form(run));
    ASSERT_TRUE(loaded.ok()) << loaded.status().to_string();
    live_[id] = std::move(loaded).value();
  }
  std::vector<std::pair<ExecutionId, ItemKey>> orphans;
  for (const auto& [id, run] : store_) {
    for (const auto& [key, item] : run.items) {
      if (item.holder != 0 && item.holder != incarnation_) {
        orphans.emplace_back(id, key);
      }
    }
  }
  for (const auto& orphan : orphans) {
    run([&](Outcome& out) { item_orphaned(out, *live_.at(orphan.first), orphan.second, context()); });
  }
}

Execution& World::execution(const std::string& workflow_id) { return *live_.at(current_.at(workflow_id)); }
const KeptRun& World::kept(const std::string& workflow_id) const {
  return store_.at(current_.at(workflow_id));
}
bool World::knows(const std::string& workflow_id) const { return current_.contains(workflow_id); }

std::vector<std::pair<ExecutionId, history::HistoryEvent>> World::take_new_events() {
  return std::exchange(new_events_, {});
}

google::protobuf::Duration seconds(double value) {
  google::protobuf::Duration duration;
  api::set_duration(&duration, Duration(static_cast<std::int64_t>(value * 1e9)));
  return duration;
}

common::Payloads text(const std::string& value) {
  common::Payloads payloads;
  common::Payload* payload = payloads.add_payloads();
  (*payload->mutable_metadata())["encoding"] = "json/plain";
  payload->set_data("\"" + value + "\"");
  return payloads;
}

wire::StartWorkflowExecutionRequest start_request(const std::string& workflow_id) {
  wire::StartWorkflowExecutionRequest request;
  request.set_namespace_("default");
  request.set_workflow_id(workflow_id);
  request.mutable_workflow_type()->set_name("Flow");
  request.mutable_task_queue()->set_name("q");
  request.set_identity("client");
  request.set_request_id("start-" + workflow_id);
  request.set_workflow_id_reuse_policy(enums::WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE);
  request.set_workflow_id_conflict_policy(enums::WORKFLOW_ID_CONFLICT_POLICY_FAIL);
  return request;
}

command::Command schedule_activity(const std::string& id) {
  command::Command command;
  command.set_command_type(enums::COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK);
  auto* attributes = command.mutable_schedule_activity_task_command_attributes();
  attributes->set_activity_id(id);
  attributes->mutable_activity_type()->set_name("Work");
  attributes->mutable_task_queue()->set_name("q");
  *attributes->mutable_start_to_close_timeout() = seconds(10);
  return command;
}

command::Command start_timer(const std::string& id, double after_seconds) {
  command::Command command;
  command.set_command_type(enums::COMMAND_TYPE_START_TIMER);
  command.mutable_start_timer_command_attributes()->set_timer_id(id);
  *command.mutable_start_timer_command_attributes()->mutable_start_to_fire_timeout() = seconds(after_seconds);
  return command;
}

command::Command complete_workflow(const std::string& result) {
  command::Command command;
  command.set_command_type(enums::COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION);
  *command.mutable_complete_workflow_execution_command_attributes()->mutable_result() = text(result);
  return command;
}

WorkflowTaskStart take_workflow_task(World& world, const Worker& worker) {
  std::optional<Result<WorkflowTaskStart>> task = world.poll_workflow(worker);
  check(task.has_value(), "a workflow task waits");
  return task->value();
}

WorkflowTaskCompletion complete_task(World& world, const std::string& workflow_id,
                                     const WorkflowTaskRef& task,
                                     const std::vector<command::Command>& commands) {
  wire::RespondWorkflowTaskCompletedRequest request;
  request.set_identity("worker");
  for (const command::Command& command : commands) {
    *request.add_commands() = command;
  }
  std::optional<Result<WorkflowTaskCompletion>> reply;
  world.run([&](Outcome& out) {
    reply = complete_workflow_task(out, world.execution(workflow_id), task, request, {}, world.context());
  });
  return reply->value();
}

ActivityTaskStart take_activity(World& world, const Worker& worker) {
  std::optional<Result<ActivityTaskStart>> task = world.poll_activity(worker);
  check(task.has_value(), "an activity task waits");
  return task->value();
}

Status signal(World& world, const std::string& workflow_id, const std::string& request_id) {
  wire::SignalWorkflowExecutionRequest request;
  request.set_signal_name("s");
  request.set_request_id(request_id);
  Status status;
  world.run([&](Outcome& out) {
    status = signal_workflow(out, world.execution(workflow_id), request, world.context()).status();
  });
  return status;
}

std::string event_types(const KeptRun& run) {
  std::string types;
  for (const history::HistoryEvent& event : run.events) {
    types += (types.empty() ? "" : " ") + short_name(event.event_type());
  }
  return types;
}

const history::HistoryEvent& last_event(const KeptRun& run, enums::EventType type) {
  for (auto event = run.events.rbegin(); event != run.events.rend(); ++event) {
    if (event->event_type() == type) {
      return *event;
    }
  }
  check(false, "the run has an event of this type");
  return run.events.front();
}

}  // namespace perdure::engine::testing
