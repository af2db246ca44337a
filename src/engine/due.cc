// What time and recovery do to a run: timers fire, tasks and runs time out, retries become ready, attempts
// that a dead process held fail. As Temporal's timer_queue_active_task_executor.go; holders are ours.
#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/check.h"
#include "base/uuid.h"
#include "engine/close.h"
#include "engine/commit.h"
#include "engine/engine.h"
#include "engine/execution.h"
#include "engine/failures.h"
#include "engine/history.h"
#include "engine/machines/activity.h"
#include "engine/machines/timer.h"
#include "engine/machines/workflow_task.h"
#include "engine/new_run.h"
#include "engine/queue_key.h"
#include "engine/retry.h"
#include "engine/successor.h"

namespace perdure::engine {

namespace {

using Activity = state::ActivityState;

void workflow_task_due(Step& step) {
  Execution& run = step.run;
  const state::WorkflowTaskState& task = *run.workflow_task();
  if (run.has_started_workflow_task()) {
    const std::optional<Timestamp> in_memory = volatile_deadline(run);
    const Timestamp deadline =
        in_memory ? *in_memory : Timestamp{task.started_time()} + Duration(task.start_to_close_timeout());
    if (deadline <= step.now()) {
      time_out_started_workflow_task(step);
      schedule_workflow_task(step);
      commit(step);
    } else if (in_memory && !run.has_speculative_task() && task.schedule_to_start_deadline() != 0 &&
               Timestamp{task.schedule_to_start_deadline()} <= step.now()) {
      // On disk the task still waits on its sticky queue, and is overdue there. From now on it is started
      // there, too.
      make_start_durable(step);
      commit(step);
    }
    return;
  }
  if (task.schedule_to_start_deadline() != 0 && Timestamp{task.schedule_to_start_deadline()} <= step.now()) {
    flush_buffered_events(run);
    time_out_waiting_workflow_task(step);
    schedule_workflow_task(step);
    commit(step);
  }
}

void time_out_activity(Step& step, std::int64_t id, enums::TimeoutType type) {
  failure::Failure timeout = make_timeout_failure(fmt::format("activity {} timeout", short_name(type)), type);
  const enums::RetryState retry_state = retry_activity(step, id, timeout);
  if (retry_state == enums::RETRY_STATE_IN_PROGRESS) {
    commit(step);
    return;
  }
  if (retry_state == enums::RETRY_STATE_TIMEOUT && type != enums::TIMEOUT_TYPE_SCHEDULE_TO_START) {
    timeout = make_timeout_failure(
        "Not enough time to schedule next retry before activity ScheduleToClose timeout, giving up retrying",
        enums::TIMEOUT_TYPE_SCHEDULE_TO_CLOSE);
  }
  close_activity_timed_out(step, id, std::move(timeout), retry_state);
  schedule_workflow_task_if_none(step);
  commit(step);
}

void activity_due(Step& step, std::int64_t id) {
  const Activity& activity = *step.run.activity(id);
  const std::optional<ActivityTimeout> timeout = next_timeout(activity);
  if (timeout && timeout->deadline <= step.now()) {
    time_out_activity(step, id, timeout->type);
    return;
  }
  if (activity.phase() == Activity::PHASE_BACKOFF && Timestamp{activity.scheduled_time()} <= step.now()) {
    step.run.change_activity(id).set_phase(Activity::PHASE_WAITING);
    commit(step);
  }
}

void run_timeout_due(Step& step) {
  const state::ExecutionState& info = step.run.info();
  const failure::Failure timeout =
      make_timeout_failure("workflow timeout", enums::TIMEOUT_TYPE_START_TO_CLOSE);
  RetryDecision retry{enums::RETRY_STATE_TIMEOUT};
  std::optional<Duration> next_cron;
  if (info.execution_expiration() == 0 || Timestamp{info.execution_expiration()} > step.now()) {
    std::optional<Timestamp> expiration;
    if (info.execution_expiration() != 0) {
      expiration = Timestamp{info.execution_expiration()};
    }
    retry = info.has_retry_policy()
                ? next_retry(timeout, info.retry_policy(), info.attempt(), step.now(), expiration, false)
                : RetryDecision{enums::RETRY_STATE_RETRY_POLICY_NOT_SET};
    next_cron = cron_backoff_of(step);
  }
  const bool retried = retry.state == enums::RETRY_STATE_IN_PROGRESS;
  if (!retried && !next_cron) {
    time_out_run(step, retry.state, "");
    commit(step);
    return;
  }
  const std::string successor = uuid7(*step.context.random, step.now());
  NewRun next = retried ? retried_run(step, successor, timeout, retry.backoff)
                        : cron_run(step, successor, nullptr, &timeout, *next_cron);
  time_out_run(step, retry.state, successor);
  commit(step);
  create_run(step.out, std::move(next), step.context);
}

void deadline_due(Step& step, ItemKey item) {
  const auto& deadline = std::get<state::DeadlineState>(*step.run.find(item));
  if (Timestamp{deadline.due_time()} > step.now()) {
    return;
  }
  if (item.kind == ItemKind::kRunTimeout) {
    run_timeout_due(step);
  } else if (item.kind == ItemKind::kExecutionTimeout) {
    time_out_run(step, enums::RETRY_STATE_TIMEOUT, "");
    commit(step);
  } else {
    schedule_workflow_task(step);  // removes the backoff
    commit(step);
  }
}

void timer_due(Step& step, ItemKey item) {
  if (Timestamp{std::get<state::TimerState>(*step.run.find(item)).fire_time()} > step.now()) {
    return;
  }
  fire_timer(step, item.id);
  schedule_workflow_task_if_none(step);
  commit(step);
}

}  // namespace

void item_due(Outcome& out, Execution& run, ItemKey item, const Context& context) {
  const bool there =
      item.kind == ItemKind::kWorkflowTask ? run.workflow_task() != nullptr : run.find(item) != nullptr;
  if (!run.running() || !there) {
    return;
  }
  Step step{out, run, context};
  switch (item.kind) {
    case ItemKind::kWorkflowTask:
      workflow_task_due(step);
      break;
    case ItemKind::kActivity:
      activity_due(step, item.id);
      break;
    case ItemKind::kTimer:
      timer_due(step, item);
      break;
    case ItemKind::kRunTimeout:
    case ItemKind::kExecutionTimeout:
    case ItemKind::kStartBackoff:
      deadline_due(step, item);
      break;
    default:  // never due, or to be delivered
      break;
  }
}

void item_orphaned(Outcome& out, Execution& run, ItemKey item, const Context& context) {
  if (!run.running() || run.find(item) == nullptr) {
    return;
  }
  Step step{out, run, context};
  if (item.kind == ItemKind::kWorkflowTask) {
    const state::WorkflowTaskState& task = *run.workflow_task();
    if (task.started_event_id() != 0 && task.holder() != 0 && task.holder() != context.incarnation) {
      time_out_started_workflow_task(step);  // nobody will answer it any more
      schedule_workflow_task(step);
      commit(step);
    }
    return;
  }
  const Activity* activity = run.activity(item.id);
  if (activity == nullptr || activity->phase() != Activity::PHASE_STARTED || activity->holder() == 0 ||
      activity->holder() == context.incarnation) {
    return;
  }
  failure::Failure why;
  why.set_message(fmt::format("the process of the worker {:?} ended before the activity completed",
                              activity->identity()));
  why.set_source("Server");
  why.mutable_application_failure_info()->set_type("WorkerProcessEnded");
  const std::string identity = activity->identity();
  const enums::RetryState retry_state = retry_activity(step, item.id, why);
  if (retry_state != enums::RETRY_STATE_IN_PROGRESS) {
    close_activity_failed(step, item.id, why, retry_state, {identity});
    schedule_workflow_task_if_none(step);
  }
  commit(step);
}

std::vector<ReadyTask> waiting_tasks(const Execution& run) {
  std::vector<ReadyTask> tasks;
  const std::string& namespace_name = run.key().namespace_name.value;
  run.for_each([&](ItemKey key, const Pending& pending) {
    if (const auto* task = std::get_if<state::WorkflowTaskState>(&pending)) {
      if (!run.has_started_workflow_task()) {
        tasks.push_back({run.id(), key, queue_key(TaskKind::kWorkflow, namespace_name, task->queue())});
      }
    } else if (const auto* activity = std::get_if<Activity>(&pending)) {
      if (activity->phase() == Activity::PHASE_WAITING) {
        tasks.push_back(
            {run.id(), key, queue_key(TaskKind::kActivity, namespace_name, activity->task_queue())});
      }
    }
  });
  return tasks;
}

}  // namespace perdure::engine
