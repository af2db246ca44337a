#include "engine/machines/child.h"

#include <fmt/format.h>

#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "engine/commit.h"
#include "engine/durations.h"
#include "engine/history.h"
#include "engine/machines/child_rules.h"
#include "engine/machines/workflow_task.h"
#include "engine/new_run.h"
#include "engine/run_requests.h"
#include "engine/start.h"

namespace perdure::engine {

namespace {

using Asked = command::StartChildWorkflowExecutionCommandAttributes;
using Initiated = history::StartChildWorkflowExecutionInitiatedEventAttributes;

const state::ChildState& child_of(const Execution& run, ItemKey item) {
  return std::get<state::ChildState>(*run.find(item));
}

void fill_initiated(const Asked& asked, Initiated* event) {
  event->set_namespace_(asked.namespace_());
  event->set_workflow_id(asked.workflow_id());
  *event->mutable_workflow_type() = asked.workflow_type();
  *event->mutable_task_queue() = asked.task_queue();
  if (asked.has_header()) {
    *event->mutable_header() = asked.header();
  }
  if (asked.has_input()) {
    *event->mutable_input() = asked.input();
  }
  if (asked.has_workflow_execution_timeout()) {
    *event->mutable_workflow_execution_timeout() = asked.workflow_execution_timeout();
  }
  *event->mutable_workflow_run_timeout() = asked.workflow_run_timeout();
  *event->mutable_workflow_task_timeout() = asked.workflow_task_timeout();
  event->set_control(asked.control());
  event->set_workflow_id_reuse_policy(asked.workflow_id_reuse_policy());
  if (asked.has_retry_policy()) {
    *event->mutable_retry_policy() = asked.retry_policy();
  }
  event->set_cron_schedule(asked.cron_schedule());
  if (asked.has_memo()) {
    *event->mutable_memo() = asked.memo();
  }
  if (asked.has_search_attributes()) {
    *event->mutable_search_attributes() = asked.search_attributes();
  }
  drop_null_fields(event);
  event->set_parent_close_policy(asked.parent_close_policy());
  event->set_inherit_build_id(asked.inherit_build_id());
  if (asked.has_priority()) {
    *event->mutable_priority() = asked.priority();
  }
}

// The child's own priority over its parent's, field by field.
common::Priority merged(const common::Priority& base, const common::Priority& own) {
  common::Priority priority = base;
  if (own.priority_key() != 0) {
    priority.set_priority_key(own.priority_key());
  }
  if (!own.fairness_key().empty()) {
    priority.set_fairness_key(own.fairness_key());
  }
  if (own.fairness_weight() > 0 || own.fairness_weight() < 0) {
    priority.set_fairness_weight(own.fairness_weight());
  }
  return priority;
}

wire::StartWorkflowExecutionRequest start_request(const Execution& parent, const state::ChildState& child) {
  const Initiated& asked = child.start();
  wire::StartWorkflowExecutionRequest request;
  request.set_namespace_(child.namespace_name());
  request.set_workflow_id(child.workflow_id());
  *request.mutable_workflow_type() = asked.workflow_type();
  *request.mutable_task_queue() = asked.task_queue();
  if (asked.has_input()) {
    *request.mutable_input() = asked.input();
  }
  if (asked.has_header()) {
    *request.mutable_header() = asked.header();
  }
  if (asked.has_workflow_execution_timeout()) {
    *request.mutable_workflow_execution_timeout() = asked.workflow_execution_timeout();
  }
  *request.mutable_workflow_run_timeout() = asked.workflow_run_timeout();
  *request.mutable_workflow_task_timeout() = asked.workflow_task_timeout();
  request.set_request_id(child.request_id());
  request.set_workflow_id_reuse_policy(asked.workflow_id_reuse_policy());
  request.set_workflow_id_conflict_policy(enums::WORKFLOW_ID_CONFLICT_POLICY_FAIL);
  if (asked.has_retry_policy()) {
    *request.mutable_retry_policy() = asked.retry_policy();
  }
  request.set_cron_schedule(asked.cron_schedule());
  if (asked.has_memo()) {
    *request.mutable_memo() = asked.memo();
  }
  if (asked.has_search_attributes()) {
    *request.mutable_search_attributes() = asked.search_attributes();
  }
  if (child.has_user_metadata()) {
    *request.mutable_user_metadata() = child.user_metadata();
  }
  if (parent.info().has_priority() || asked.has_priority()) {
    *request.mutable_priority() = merged(parent.info().priority(), asked.priority());
  }
  return request;
}

Lineage lineage_of(const Execution& parent, ItemKey item, const state::ChildState& child) {
  Lineage lineage;
  // Only children in their own namespace are allowed, so the parent's is the child's.
  lineage.parent.set_namespace_name(parent.key().namespace_name.value);
  lineage.parent.set_namespace_id(child.namespace_id());
  lineage.parent.set_workflow_id(parent.key().workflow_id.value);
  lineage.parent.set_run_id(parent.run_id().value);
  lineage.parent.set_initiated_event_id(item.id);
  lineage.root = parent.info().root();
  if (!parent.info().has_root()) {
    lineage.root.set_workflow_id(parent.key().workflow_id.value);
    lineage.root.set_run_id(parent.run_id().value);
  }
  return lineage;
}

void set_child(const state::ChildState& child, const std::string& run_id, auto* attributes) {
  attributes->set_namespace_(child.namespace_name());
  attributes->set_namespace_id(child.namespace_id());
  attributes->mutable_workflow_execution()->set_workflow_id(child.workflow_id());
  attributes->mutable_workflow_execution()->set_run_id(run_id);
  attributes->mutable_workflow_type()->set_name(child.workflow_type());
}

// The child runs: the event, and nothing more is to be sent.
void record_started(Step& parent, ItemKey item, const std::string& run_id) {
  auto& child = std::get<state::ChildState>(parent.run.change(item));
  history::HistoryEvent event = make_event(enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED, parent.now());
  auto* attributes = event.mutable_child_workflow_execution_started_event_attributes();
  set_child(child, run_id, attributes);
  attributes->set_initiated_event_id(item.id);
  if (child.start().has_header()) {
    *attributes->mutable_header() = child.start().header();
  }
  note_child_started(parent.run, item.id, run_id);
  append_event(parent.run, std::move(event));
}

void record_start_failed(Step& parent, ItemKey item) {
  const state::ChildState child = child_of(parent.run, item);
  history::HistoryEvent event =
      make_event(enums::EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_FAILED, parent.now());
  auto* attributes = event.mutable_start_child_workflow_execution_failed_event_attributes();
  attributes->set_namespace_(child.namespace_name());
  attributes->set_namespace_id(child.namespace_id());
  attributes->set_workflow_id(child.workflow_id());
  attributes->mutable_workflow_type()->set_name(child.workflow_type());
  attributes->set_cause(enums::START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_WORKFLOW_ALREADY_EXISTS);
  attributes->set_control(child.start().control());
  attributes->set_initiated_event_id(item.id);
  parent.run.remove(item);
  append_event(parent.run, std::move(event));
}

template <class Attributes>
void set_ended(const state::ChildState& child, ItemKey item, const std::string& run_id,
               Attributes* attributes) {
  set_child(child, run_id, attributes);
  attributes->set_initiated_event_id(item.id);
  attributes->set_started_event_id(child.started_event_id());
}

// What the parent's history says of the end of a child.
history::HistoryEvent ended_event(const state::ChildState& child, ItemKey item, const std::string& run_id,
                                  const history::HistoryEvent& close, Timestamp now) {
  switch (close.event_type()) {
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED: {
      auto event = make_event(enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED, now);
      auto* attributes = event.mutable_child_workflow_execution_completed_event_attributes();
      set_ended(child, item, run_id, attributes);
      if (close.workflow_execution_completed_event_attributes().has_result()) {
        *attributes->mutable_result() = close.workflow_execution_completed_event_attributes().result();
      }
      return event;
    }
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_FAILED: {
      auto event = make_event(enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED, now);
      auto* attributes = event.mutable_child_workflow_execution_failed_event_attributes();
      set_ended(child, item, run_id, attributes);
      *attributes->mutable_failure() = close.workflow_execution_failed_event_attributes().failure();
      attributes->set_retry_state(close.workflow_execution_failed_event_attributes().retry_state());
      return event;
    }
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED: {
      auto event = make_event(enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED, now);
      auto* attributes = event.mutable_child_workflow_execution_canceled_event_attributes();
      set_ended(child, item, run_id, attributes);
      if (close.workflow_execution_canceled_event_attributes().has_details()) {
        *attributes->mutable_details() = close.workflow_execution_canceled_event_attributes().details();
      }
      return event;
    }
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT: {
      auto event = make_event(enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TIMED_OUT, now);
      auto* attributes = event.mutable_child_workflow_execution_timed_out_event_attributes();
      set_ended(child, item, run_id, attributes);
      attributes->set_retry_state(close.workflow_execution_timed_out_event_attributes().retry_state());
      return event;
    }
    default: {
      check(close.event_type() == enums::EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
            "a report is about the end of a chain of runs");
      auto event = make_event(enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TERMINATED, now);
      set_ended(child, item, run_id, event.mutable_child_workflow_execution_terminated_event_attributes());
      return event;
    }
  }
}

// The parent was reset to a point between the command and the start: the child may run already.
bool is_started_before_reset(const Execution& parent, ItemKey item, const Execution* target) {
  const state::ExecutionState& info = parent.info();
  return target != nullptr && info.has_reset_origin() &&
         info.reset_origin().base_last_event_id() >= item.id && target->running() &&
         target->info().parent().workflow_id() == parent.key().workflow_id.value &&
         target->info().parent().initiated_event_id() == item.id;
}

// Whether the parent waits for this chain of runs.
bool awaits(const Execution& parent, ItemKey item, const Execution& child) {
  const Pending* pending = parent.find(item);
  if (pending == nullptr) {
    return false;
  }
  const auto& waiting = std::get<state::ChildState>(*pending);
  return waiting.workflow_id() == child.key().workflow_id.value &&
         (!waiting.started() || waiting.run_id() == child.info().first_run_id());
}

}  // namespace

std::optional<TaskFailure> start_child(CommandTurn& turn, const command::Command& command) {
  if (!command.has_start_child_workflow_execution_command_attributes()) {
    return attributes_missing(enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_START_CHILD_EXECUTION_ATTRIBUTES,
                              "StartChildWorkflowExecutionCommand");
  }
  Asked asked = command.start_child_workflow_execution_command_attributes();
  Execution& run = turn.step.run;
  if (std::optional<TaskFailure> failure = check_start_child(run, &asked)) {
    return failure;
  }
  history::HistoryEvent event =
      command_event(turn, command, enums::EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED);
  auto* initiated = event.mutable_start_child_workflow_execution_initiated_event_attributes();
  fill_initiated(asked, initiated);
  initiated->set_namespace_id(turn.namespace_id);
  initiated->set_workflow_task_completed_event_id(turn.completed_event_id);

  const Initiated attributes = *initiated;
  add_child(turn.step, append_event(run, std::move(event)), attributes,
            command.has_user_metadata() ? &command.user_metadata() : nullptr);
  turn.initiated_children.insert(asked.workflow_id());
  return std::nullopt;
}

void add_child(Step& step, std::int64_t initiated_event_id, const Initiated& initiated,
               const temporal::api::sdk::v1::UserMetadata* metadata) {
  state::ChildState child;
  child.set_namespace_name(initiated.namespace_());
  child.set_namespace_id(initiated.namespace_id());
  child.set_workflow_id(initiated.workflow_id());
  child.set_workflow_type(initiated.workflow_type().name());
  child.set_parent_close_policy(initiated.parent_close_policy());
  if (initiated.has_priority()) {
    *child.mutable_priority() = initiated.priority();
  }
  child.set_request_id(fmt::format("{}:{}:0", step.run.run_id().value, initiated_event_id));
  *child.mutable_start() = initiated;
  if (metadata != nullptr) {
    *child.mutable_user_metadata() = *metadata;
  }
  child.set_start_at(step.now().nanos);
  step.run.add({ItemKind::kChild, initiated_event_id}, std::move(child));
}

void note_child_started(Execution& run, std::int64_t initiated_event_id, const std::string& run_id) {
  auto& child = std::get<state::ChildState>(run.change({ItemKind::kChild, initiated_event_id}));
  child.set_run_id(run_id);
  child.set_started(true);
  child.clear_start();
  child.clear_user_metadata();
  child.set_start_at(0);
}

Address address_of(const Execution& source, const state::ChildState& child) {
  return {{source.key().namespace_name, WorkflowId(child.workflow_id())}, {}};
}

Address address_of(const Execution& source, const state::ParentCloseState& close) {
  return {{source.key().namespace_name, WorkflowId(close.workflow_id())}, {}};
}

Address address_of_parent(const Execution& source) {
  const state::ParentRun& parent = source.info().parent();
  return {{NamespaceName(parent.namespace_name()), WorkflowId(parent.workflow_id())}, RunId(parent.run_id())};
}

state::ParentCloseState parent_close_of(const state::ChildState& child, Timestamp now) {
  state::ParentCloseState close;
  close.set_namespace_name(child.namespace_name());
  close.set_workflow_id(child.workflow_id());
  close.set_first_run_id(child.run_id());
  close.set_policy(child.parent_close_policy());
  close.set_due_time(now.nanos);
  return close;
}

void deliver_start(Step& source, ItemKey item, Execution* target) {
  if (is_started_before_reset(source.run, item, target)) {
    record_started(source, item, target->info().first_run_id());
    schedule_workflow_task_if_none(source);
    commit(source);
    return;
  }
  const state::ChildState child = child_of(source.run, item);
  Result<StartReply> reply = Status(Code::kAlreadyExists, "a run cannot be its own child");
  if (target != &source.run) {
    const Lineage lineage = lineage_of(source.run, item, child);
    reply = start_run(source.out, target, start_request(source.run, child), {.lineage = &lineage},
                      source.context);
  }
  if (reply.ok()) {
    record_started(source, item, reply->run_id);
  } else {
    record_start_failed(source, item);
  }
  schedule_workflow_task_if_none(source);
  commit(source);
}

RunId deliver_report(Step& source, ItemKey item, Execution* target) {
  if (target != nullptr && !target->running() && !target->info().reset_run_id().empty()) {
    return RunId(target->info().reset_run_id());
  }
  const ItemKey child_item{ItemKind::kChild, source.run.info().parent().initiated_event_id()};
  if (target != nullptr && target->running() && awaits(*target, child_item, source.run)) {
    const auto& report = std::get<state::ReportState>(*source.run.find(item));
    Step parent{source.out, *target, source.context};
    if (!child_of(*target, child_item).started()) {
      record_started(parent, child_item, source.run.info().first_run_id());
    }
    history::HistoryEvent event = ended_event(child_of(*target, child_item), child_item,
                                              source.run.run_id().value, report.close_event(), source.now());
    target->remove(child_item);
    append_event(*target, std::move(event));
    schedule_workflow_task_if_none(parent);
    commit(parent);
  }
  source.run.remove(item);
  commit(source);
  return {};
}

void deliver_parent_close(Step& source, ItemKey item, Execution* target) {
  const auto close = std::get<state::ParentCloseState>(*source.run.find(item));
  if (target != nullptr && target != &source.run) {
    Sender sender;
    sender.run.set_workflow_id(source.run.key().workflow_id.value);
    sender.run.set_run_id(source.run.run_id().value);
    sender.to_its_children_only = true;
    // Whatever is answered: a child that is gone needs no word.
    if (close.policy() == enums::PARENT_CLOSE_POLICY_REQUEST_CANCEL) {
      wire::RequestCancelWorkflowExecutionRequest request;
      request.set_first_execution_run_id(close.first_run_id());
      request.set_identity(kHistoryService);
      static_cast<void>(request_cancel_run(source.out, *target, request, &sender, source.context));
    } else {
      wire::TerminateWorkflowExecutionRequest request;
      request.set_first_execution_run_id(close.first_run_id());
      request.set_reason("by parent close policy");
      request.set_identity(kHistoryService);
      static_cast<void>(terminate_run_of(source.out, *target, request, &sender, source.context));
    }
  }
  source.run.remove(item);
  commit(source);
}

}  // namespace perdure::engine
