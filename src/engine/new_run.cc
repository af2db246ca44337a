#include "engine/new_run.h"

#include <algorithm>

#include "api/convert.h"
#include "base/limits.h"
#include "engine/commit.h"
#include "engine/durations.h"
#include "engine/history.h"
#include "engine/machines/reset_points.h"
#include "engine/machines/workflow_task.h"
#include "engine/run_requests.h"

namespace perdure::engine {

namespace {

std::int64_t run_expiration(const state::ExecutionState& info, std::int64_t backoff) {
  if (info.run_timeout() == 0) {
    return 0;
  }
  const std::int64_t end = info.start_time() + backoff + info.run_timeout();
  // The execution's end is rounded to milliseconds: a run that lasts as long ends with it, not just before.
  constexpr std::int64_t kRounding = 1'000'000;
  const bool ends_with_execution =
      info.execution_expiration() != 0 && info.execution_expiration() < end + kRounding;
  return ends_with_execution ? info.execution_expiration() : end;
}

}  // namespace

void remember_start(const NewRun& new_run, Timestamp now, state::ExecutionState* info) {
  const history::WorkflowExecutionStartedEventAttributes& started = new_run.attributes;
  const std::int64_t backoff = nanos(started.first_workflow_task_backoff());
  info->set_status(enums::WORKFLOW_EXECUTION_STATUS_RUNNING);
  info->set_workflow_type(started.workflow_type().name());
  info->set_task_queue(started.task_queue().name());
  info->set_start_time(now.nanos);
  info->set_execution_time(now.nanos + backoff);
  info->set_execution_timeout(nanos(started.workflow_execution_timeout()));
  info->set_run_timeout(nanos(started.workflow_run_timeout()));
  info->set_execution_timeout_given(started.has_workflow_execution_timeout());
  info->set_run_timeout_given(started.has_workflow_run_timeout());
  info->set_workflow_task_timeout(nanos(started.workflow_task_timeout()));
  if (started.has_workflow_execution_expiration_time()) {
    info->set_execution_expiration(api::from_proto(started.workflow_execution_expiration_time()).nanos);
  }
  info->set_run_expiration(run_expiration(*info, backoff));
  info->set_first_run_id(started.first_execution_run_id());
  info->set_original_run_id(started.original_execution_run_id());
  info->set_start_request_id(new_run.request_id);
  info->set_attempt(started.attempt());
  if (started.has_retry_policy()) {
    *info->mutable_retry_policy() = started.retry_policy();
  }
  info->set_cron_schedule(started.cron_schedule());
  if (started.has_retry_policy() || !started.cron_schedule().empty()) {
    info->set_start_attributes(api::serialize(started));
  }
  if (started.has_priority()) {
    *info->mutable_priority() = started.priority();
  }
  if (new_run.user_metadata) {
    *info->mutable_user_metadata() = *new_run.user_metadata;
  }
  *info->mutable_links() = new_run.links;
  if (started.has_memo()) {
    *info->mutable_memo() = started.memo();
  }
  if (started.has_search_attributes()) {
    *info->mutable_search_attributes() = started.search_attributes();
  }
  if (started.has_parent_workflow_execution()) {
    state::ParentRun* parent = info->mutable_parent();
    parent->set_namespace_name(started.parent_workflow_namespace());
    parent->set_namespace_id(started.parent_workflow_namespace_id());
    parent->set_workflow_id(started.parent_workflow_execution().workflow_id());
    parent->set_run_id(started.parent_workflow_execution().run_id());
    parent->set_initiated_event_id(started.parent_initiated_event_id());
  }
  if (started.has_root_workflow_execution()) {
    *info->mutable_root() = started.root_workflow_execution();
  }
  take_over_reset_points(started, now, info);
}

namespace {

void add_deadline(Execution& run, ItemKind kind, std::int64_t time) {
  state::DeadlineState deadline;
  deadline.set_due_time(time);
  run.add({kind, 0}, std::move(deadline));
}

}  // namespace

void add_deadlines(Execution& run) {
  const state::ExecutionState& info = run.info();
  if (info.run_expiration() != 0) {
    add_deadline(run, ItemKind::kRunTimeout, info.run_expiration());
  }
  // The first run's run timeout already ends with the execution timeout, as Temporal
  // (GenerateWorkflowStartTasks).
  if (info.execution_expiration() != 0 && info.first_run_id() != run.run_id().value) {
    add_deadline(run, ItemKind::kExecutionTimeout, info.execution_expiration());
  }
}

Execution& create_run(Outcome& out, NewRun new_run, const Context& context) {
  auto created = std::make_unique<Execution>(context.new_execution_id(), new_run.key, new_run.run_id);
  Execution& run = *created;
  Step step{out, run, context};
  state::ExecutionState& info = run.info();
  remember_start(new_run, step.now(), &info);
  info.set_original_start_time(step.now().nanos);

  history::HistoryEvent event = make_event(enums::EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, step.now());
  *event.mutable_links() = new_run.links;
  if (new_run.user_metadata) {
    *event.mutable_user_metadata() = *new_run.user_metadata;
  }
  *event.mutable_workflow_execution_started_event_attributes() = std::move(new_run.attributes);
  append_event(run, std::move(event));
  if (new_run.signal) {
    add_signal(step, *new_run.signal, nullptr);
  }

  add_deadlines(run);
  if (info.execution_time() > info.start_time()) {
    add_deadline(run, ItemKind::kStartBackoff, info.execution_time());
  } else {
    schedule_workflow_task(step);
  }
  RunWrite& write = commit(step);
  write.create = true;
  write.make_current = true;
  return *out.created.emplace_back(std::move(created));
}

std::int64_t bounded_run_timeout(std::int64_t run_timeout, std::int64_t execution_timeout) {
  if (execution_timeout == 0 || run_timeout == 0) {
    return std::max(run_timeout, execution_timeout);
  }
  return std::min(run_timeout, execution_timeout);
}

std::int64_t bounded_task_timeout(std::int64_t task_timeout, std::int64_t run_timeout) {
  const std::int64_t fallback = Duration(limits::kWorkflowTaskTimeoutDefault).count();
  const std::int64_t bounded = std::min(task_timeout == 0 ? fallback : task_timeout,
                                        Duration(limits::kWorkflowTaskTimeoutMax).count());
  return run_timeout == 0 ? bounded : std::min(bounded, run_timeout);
}

}  // namespace perdure::engine
