#include "engine/machines/workflow_task.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "api/convert.h"
#include "base/check.h"
#include "base/limits.h"
#include "engine/durations.h"
#include "engine/history.h"
#include "engine/machines/reset_points.h"

namespace perdure::engine {

namespace {

constexpr ItemKey kTask{ItemKind::kWorkflowTask, 0};
constexpr int kAttemptsWithoutBackoff = 3;
constexpr std::int64_t kRetryInitialInterval =
    5'000'000'000;  // nanoseconds, added to the timeout of attempt 4

taskqueue::TaskQueue task_queue(const Execution& run, const std::string& queue, bool sticky) {
  taskqueue::TaskQueue result;
  result.set_name(queue);
  result.set_kind(sticky ? enums::TASK_QUEUE_KIND_STICKY : enums::TASK_QUEUE_KIND_NORMAL);
  if (sticky) {
    result.set_normal_name(run.info().task_queue());
  }
  return result;
}

// A task that keeps failing gets longer timeouts, so that its worker is asked less and less often.
std::int64_t start_to_close_timeout(Step& step, int attempt) {
  const std::int64_t base = step.run.info().workflow_task_timeout();
  if (attempt <= kAttemptsWithoutBackoff) {
    return base;
  }
  const double maximum = static_cast<double>(Duration(limits::kWorkflowTaskRetryMax).count());
  const double interval = std::min(maximum, static_cast<double>(kRetryInitialInterval) *
                                                std::pow(2.0, attempt - kAttemptsWithoutBackoff - 1));
  const auto jitter = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(interval * 0.2));
  return base + static_cast<std::int64_t>(interval * 0.8) +
         static_cast<std::int64_t>(step.context.random->below(jitter));
}

history::HistoryEvent scheduled_event(const Execution& run, const state::WorkflowTaskState& task,
                                      Timestamp time) {
  history::HistoryEvent event = make_event(enums::EVENT_TYPE_WORKFLOW_TASK_SCHEDULED, time);
  auto* attributes = event.mutable_workflow_task_scheduled_event_attributes();
  *attributes->mutable_task_queue() = task_queue(run, task.queue(), task.sticky());
  set_nanos(attributes->mutable_start_to_close_timeout(), task.start_to_close_timeout());
  attributes->set_attempt(task.attempt());
  return event;
}

history::HistoryEvent started_event(std::int64_t scheduled_event_id, const VolatileStart& start,
                                    const std::string& identity) {
  history::HistoryEvent event = make_event(enums::EVENT_TYPE_WORKFLOW_TASK_STARTED, start.started_time);
  auto* attributes = event.mutable_workflow_task_started_event_attributes();
  attributes->set_scheduled_event_id(scheduled_event_id);
  attributes->set_identity(identity);
  attributes->set_request_id(start.request_id);
  attributes->set_suggest_continue_as_new(!start.suggest_reasons.empty());
  for (const int reason : start.suggest_reasons) {
    attributes->add_suggest_continue_as_new_reasons(static_cast<enums::SuggestContinueAsNewReason>(reason));
  }
  attributes->set_history_size_bytes(start.history_size_bytes);
  if (!start.build_id.empty()) {
    attributes->mutable_worker_version()->set_build_id(start.build_id);
  }
  return event;
}

// Of a task whose start is stored.
VolatileStart start_of(const state::WorkflowTaskState& task) {
  VolatileStart start;
  start.started_event_id = task.started_event_id();
  start.started_time = Timestamp{task.started_time()};
  start.request_id = task.request_id();
  start.identity = task.identity();
  start.build_id = task.build_id();
  start.history_size_bytes = task.history_size_bytes();
  start.suggest_reasons.assign(task.suggest_reasons().begin(), task.suggest_reasons().end());
  start.incarnation = task.incarnation();
  start.holder = task.holder();
  return start;
}

std::vector<int> suggest_reasons(const Execution& run) {
  const state::ExecutionState& info = run.info();
  std::vector<int> reasons;
  if (info.history_bytes() >= limits::kHistoryBytesSuggest) {
    reasons.push_back(enums::SUGGEST_CONTINUE_AS_NEW_REASON_HISTORY_SIZE_TOO_LARGE);
  }
  if (info.next_event_id() >= limits::kHistoryEventsSuggest) {
    reasons.push_back(enums::SUGGEST_CONTINUE_AS_NEW_REASON_TOO_MANY_HISTORY_EVENTS);
  }
  if (run.update_count() >= limits::kUpdatesSuggest) {
    reasons.push_back(enums::SUGGEST_CONTINUE_AS_NEW_REASON_TOO_MANY_UPDATES);
  }
  return reasons;
}

void set_started(state::WorkflowTaskState* task, const VolatileStart& start) {
  task->set_started_event_id(start.started_event_id);
  task->set_started_time(start.started_time.nanos);
  task->set_request_id(start.request_id);
  task->set_identity(start.identity);
  task->set_build_id(start.build_id);
  task->set_history_size_bytes(start.history_size_bytes);
  for (int reason : start.suggest_reasons) {
    task->add_suggest_reasons(static_cast<enums::SuggestContinueAsNewReason>(reason));
  }
  task->set_incarnation(start.incarnation);
  task->set_holder(start.holder);
}

state::WorkflowTaskState new_task(Step& step, Timestamp original_scheduled_time) {
  const state::ExecutionState& info = step.run.info();
  state::WorkflowTaskState task;
  task.set_attempt(info.workflow_task_attempt());
  task.set_start_to_close_timeout(start_to_close_timeout(step, task.attempt()));
  task.set_sticky(!info.sticky_queue().empty());
  task.set_queue(task.sticky() ? info.sticky_queue() : info.task_queue());
  task.set_scheduled_event_id(info.next_event_id());
  task.set_scheduled_time(step.now().nanos);
  task.set_original_scheduled_time(original_scheduled_time.nanos);
  if (task.sticky() && info.sticky_schedule_to_start_timeout() > 0) {
    task.set_schedule_to_start_deadline(step.now().nanos + info.sticky_schedule_to_start_timeout());
  }
  return task;
}

void schedule(Step& step, Timestamp original_scheduled_time) {
  Execution& run = step.run;
  state::ExecutionState& info = run.info();
  check(run.workflow_task() == nullptr, "one workflow task at a time");
  if (has_buffered_events(run)) {
    // What is new has to be seen by the next task, so that one cannot be a repetition of the failed one.
    info.set_workflow_task_attempt(1);
    flush_buffered_events(run);
  }
  state::WorkflowTaskState task = new_task(step, original_scheduled_time);
  if (task.attempt() == 1) {
    append_event(run, scheduled_event(run, task, step.now()));
  }
  info.set_had_workflow_task(true);
  run.remove({ItemKind::kStartBackoff, 0});
  run.add(kTask, std::move(task));
}

// The task is gone; the next one is another attempt, unless the queue was sticky: then the worker may just
// have ended.
void drop_failed_task(Execution& run, bool count_attempt) {
  state::ExecutionState& info = run.info();
  if (!info.sticky_queue().empty()) {
    count_attempt = false;
    clear_sticky_queue(run);
  }
  info.set_workflow_task_attempt(count_attempt ? info.workflow_task_attempt() + 1 : 1);
  run.remove(kTask);
}

}  // namespace

taskqueue::TaskQueue current_task_queue(const Execution& run) {
  const bool sticky = !run.info().sticky_queue().empty();
  return task_queue(run, sticky ? run.info().sticky_queue() : run.info().task_queue(), sticky);
}

void clear_sticky_queue(Execution& run) {
  run.info().clear_sticky_queue();
  run.info().clear_sticky_schedule_to_start_timeout();
}

void schedule_workflow_task(Step& step) { schedule(step, step.now()); }

void schedule_workflow_task_heartbeat(Step& step, Timestamp original_scheduled_time) {
  schedule(step, original_scheduled_time);
}

void schedule_workflow_task_if_none(Step& step) {
  if (step.run.workflow_task() == nullptr) {
    schedule_workflow_task(step);
  }
}

void schedule_speculative_workflow_task(Step& step) {
  Execution& run = step.run;
  check(run.workflow_task() == nullptr && !has_buffered_events(run),
        "a speculative task is scheduled when there is nothing else to do");
  check(run.info().workflow_task_attempt() == 1, "a failed task is followed by another one at once");
  state::WorkflowTaskState task = new_task(step, step.now());
  if (task.schedule_to_start_deadline() == 0) {
    task.set_schedule_to_start_deadline((step.now() + Duration(limits::kSpeculativeTaskStart)).nanos);
  }
  run.set_speculative_task(std::move(task));
}

void make_task_durable(Step& step) {
  Execution& run = step.run;
  if (!run.has_speculative_task()) {
    return;
  }
  state::WorkflowTaskState task = *run.workflow_task();
  run.set_speculative_task(std::nullopt);
  const std::int64_t id = append_event(run, scheduled_event(run, task, Timestamp{task.scheduled_time()}));
  check(id == task.scheduled_event_id(), "a speculative task becomes durable before anything else does");
  if (!task.sticky()) {
    task.clear_schedule_to_start_deadline();
  }
  run.info().set_had_workflow_task(true);
  run.remove({ItemKind::kStartBackoff, 0});
  run.add(kTask, std::move(task));
}

void discard_speculative_workflow_task(Execution& run) {
  check(run.has_speculative_task() && run.volatile_start() != nullptr, "a started task is discarded");
  run.set_last_discarded_start(run.volatile_start()->started_time);
  run.set_volatile_start(std::nullopt);
  run.set_speculative_task(std::nullopt);
}

void start_workflow_task_volatile(Step& step, const PollerInfo& poller, const std::string& request_id) {
  Execution& run = step.run;
  const state::WorkflowTaskState* task = run.workflow_task();
  check(task != nullptr && task->attempt() == 1 && !run.has_started_workflow_task(),
        "only a waiting first attempt starts in memory");
  check(!has_buffered_events(run), "events have ids before a workflow task starts");
  VolatileStart start;
  start.started_event_id =
      run.has_speculative_task() ? task->scheduled_event_id() + 1 : run.info().next_event_id();
  start.started_time = std::max(step.now(), Timestamp{run.info().last_event_time()});
  if (start.started_time == run.last_discarded_start()) {
    start.started_time = start.started_time + Duration(1);  // its answer must not count for this one
  }
  start.request_id = request_id;
  start.identity = poller.identity;
  start.build_id = poller.build_id;
  start.history_size_bytes = run.info().history_bytes();
  start.suggest_reasons = suggest_reasons(run);
  start.incarnation = step.context.incarnation;
  start.holder = poller.holder;
  start.leaves_sticky_queue =
      task->sticky() && !poller.task_queue.empty() && task->queue() != poller.task_queue;
  run.set_volatile_start(std::move(start));
}

void make_start_durable(Step& step) {
  Execution& run = step.run;
  make_task_durable(step);
  const VolatileStart* start = run.volatile_start();
  if (start == nullptr) {
    return;
  }
  state::WorkflowTaskState& task = run.change_workflow_task();
  set_started(&task, *start);
  if (start->leaves_sticky_queue) {
    clear_sticky_queue(run);
  }
  const std::int64_t id =
      append_event(run, started_event(task.scheduled_event_id(), *start, start->identity));
  check(id == start->started_event_id, "a started event gets the id that the worker was told");
  run.set_volatile_start(std::nullopt);
}

std::int64_t complete_started_workflow_task(Step& step,
                                            const wire::RespondWorkflowTaskCompletedRequest& request) {
  Execution& run = step.run;
  make_start_durable(step);
  std::int64_t scheduled_event_id = run.workflow_task()->scheduled_event_id();
  std::int64_t started_event_id = run.workflow_task()->started_event_id();
  if (run.workflow_task()->attempt() > 1) {
    // A transient task that comes to something is written after all.
    const state::WorkflowTaskState& task = *run.workflow_task();
    scheduled_event_id = append_event(run, scheduled_event(run, task, Timestamp{task.scheduled_time()}));
    started_event_id =
        append_event(run, started_event(scheduled_event_id, start_of(task), request.identity()));
  }
  history::HistoryEvent event = make_event(enums::EVENT_TYPE_WORKFLOW_TASK_COMPLETED, step.now());
  auto* attributes = event.mutable_workflow_task_completed_event_attributes();
  attributes->set_scheduled_event_id(scheduled_event_id);
  attributes->set_started_event_id(started_event_id);
  attributes->set_identity(request.identity());
  attributes->set_binary_checksum(request.binary_checksum());
  if (request.has_worker_version_stamp()) {
    *attributes->mutable_worker_version() = request.worker_version_stamp();
  }
  if (request.has_sdk_metadata()) {
    *attributes->mutable_sdk_metadata() = request.sdk_metadata();
  }
  if (request.has_metering_metadata()) {
    *attributes->mutable_metering_metadata() = request.metering_metadata();
  }
  fill_deployment(request, attributes);

  state::ExecutionState& info = run.info();
  run.remove(kTask);
  run.set_close_attempted(false);
  info.set_workflow_task_attempt(1);
  info.set_last_completed_started_event_id(started_event_id);
  info.set_worker_deployment_name(attributes->worker_deployment_name());
  if (attributes->has_worker_version()) {
    *info.mutable_worker_version_stamp() = attributes->worker_version();
  } else {
    info.clear_worker_version_stamp();
  }
  const std::int64_t id = info.next_event_id();
  add_reset_point(step, *attributes, id);
  check(append_event(run, std::move(event)) == id, "this event is not buffered");
  return id;
}

void fail_started_workflow_task(Step& step, const WorkflowTaskFailure& details) {
  Execution& run = step.run;
  make_start_durable(step);
  const state::WorkflowTaskState task = *run.workflow_task();
  if (task.attempt() == 1) {
    history::HistoryEvent event = make_event(enums::EVENT_TYPE_WORKFLOW_TASK_FAILED, step.now());
    auto* attributes = event.mutable_workflow_task_failed_event_attributes();
    attributes->set_scheduled_event_id(task.scheduled_event_id());
    attributes->set_started_event_id(task.started_event_id());
    attributes->set_cause(details.cause);
    if (details.why != nullptr) {
      *attributes->mutable_failure() = *details.why;
    }
    attributes->set_identity(details.identity);
    attributes->set_binary_checksum(details.binary_checksum);
    append_event(run, std::move(event));
  }
  drop_failed_task(run, true);
  run.set_close_attempted(details.cause == enums::WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND);
}

void time_out_started_workflow_task(Step& step) {
  Execution& run = step.run;
  make_start_durable(step);
  const state::WorkflowTaskState task = *run.workflow_task();
  if (task.attempt() == 1) {
    history::HistoryEvent event = make_event(enums::EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT, step.now());
    auto* attributes = event.mutable_workflow_task_timed_out_event_attributes();
    attributes->set_scheduled_event_id(task.scheduled_event_id());
    attributes->set_started_event_id(task.started_event_id());
    attributes->set_timeout_type(enums::TIMEOUT_TYPE_START_TO_CLOSE);
    append_event(run, std::move(event));
  }
  drop_failed_task(run, true);
}

void time_out_waiting_workflow_task(Step& step) {
  Execution& run = step.run;
  make_task_durable(step);
  history::HistoryEvent event = make_event(enums::EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT, step.now());
  auto* attributes = event.mutable_workflow_task_timed_out_event_attributes();
  attributes->set_scheduled_event_id(run.workflow_task()->scheduled_event_id());
  attributes->set_timeout_type(enums::TIMEOUT_TYPE_SCHEDULE_TO_START);
  append_event(run, std::move(event));
  drop_failed_task(run, false);
}

WorkflowTaskStart workflow_task_answer(const Execution& run, const std::string& identity) {
  const state::WorkflowTaskState& task = *run.workflow_task();
  const VolatileStart* in_memory = run.volatile_start();
  const std::optional<VolatileStart> stored =
      in_memory == nullptr ? std::optional(start_of(task)) : std::nullopt;
  const VolatileStart& start = stored ? *stored : *in_memory;
  const state::ExecutionState& info = run.info();
  WorkflowTaskStart answer;
  answer.ref = {task.scheduled_event_id(), start.started_event_id, task.attempt(), start.incarnation,
                start.started_time.nanos};
  answer.previous_started_event_id = info.last_completed_started_event_id();
  const bool sticky = !info.sticky_queue().empty() && !start.leaves_sticky_queue;
  answer.first_event_id = sticky ? answer.previous_started_event_id + 1 : 1;
  answer.next_event_id = info.next_event_id();
  if (task.attempt() > 1 || run.has_speculative_task()) {
    answer.unstored_events.push_back(scheduled_event(run, task, Timestamp{task.scheduled_time()}));
    answer.unstored_events.back().set_event_id(task.scheduled_event_id());
  }
  if (task.attempt() > 1 || in_memory != nullptr) {
    answer.unstored_events.push_back(started_event(task.scheduled_event_id(), start, identity));
    answer.unstored_events.back().set_event_id(start.started_event_id);
  }
  wire::PollWorkflowTaskQueueResponse& response = answer.response;
  response.mutable_workflow_execution()->set_workflow_id(run.key().workflow_id.value);
  response.mutable_workflow_execution()->set_run_id(run.run_id().value);
  response.mutable_workflow_type()->set_name(info.workflow_type());
  response.set_previous_started_event_id(answer.previous_started_event_id);
  response.set_started_event_id(start.started_event_id);
  response.set_attempt(task.attempt());
  *response.mutable_workflow_execution_task_queue() = task_queue(run, info.task_queue(), false);
  set_time(response.mutable_scheduled_time(), task.scheduled_time());
  set_time(response.mutable_started_time(), start.started_time.nanos);
  return answer;
}

bool is_started_task(const Execution& run, const WorkflowTaskRef& ref) {
  if (!run.has_started_workflow_task()) {
    return false;
  }
  const state::WorkflowTaskState& task = *run.workflow_task();
  if (task.scheduled_event_id() != ref.scheduled_event_id || task.attempt() != ref.attempt) {
    return false;
  }
  if (const VolatileStart* start = run.volatile_start()) {
    return start->started_event_id == ref.started_event_id && start->incarnation == ref.incarnation &&
           start->started_time.nanos == ref.started_time;
  }
  return task.started_event_id() == ref.started_event_id && task.incarnation() == ref.incarnation &&
         task.started_time() == ref.started_time;
}

}  // namespace perdure::engine
