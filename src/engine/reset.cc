// A run begins again from the middle of another one's history. As Temporal's api/resetworkflow and
// ndc/workflow_resetter.go.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/convert.h"
#include "base/check.h"
#include "base/uuid.h"
#include "engine/close.h"
#include "engine/commit.h"
#include "engine/engine.h"
#include "engine/execution.h"
#include "engine/history.h"
#include "engine/machines/workflow_task.h"
#include "engine/outbox.h"
#include "engine/rebuild.h"
#include "engine/run_requests.h"

namespace perdure::engine {

namespace {

failure::Failure reset_failure(const std::string& reason) {
  failure::Failure failure;
  failure.set_message(reason);
  failure.mutable_reset_workflow_failure_info();
  return failure;
}

// The pending workflow task, which the new run will not finish.
void fail_workflow_task(Step& step, const OpenEnds& ends, const Execution& base, const std::string& reason) {
  std::int64_t started = ends.workflow_task_started;
  if (started == 0) {
    history::HistoryEvent event = make_event(enums::EVENT_TYPE_WORKFLOW_TASK_STARTED, step.now());
    auto* attributes = event.mutable_workflow_task_started_event_attributes();
    attributes->set_scheduled_event_id(ends.workflow_task_scheduled);
    attributes->set_identity(kHistoryService);
    attributes->set_request_id("emptyUuid");  // as Temporal
    attributes->set_history_size_bytes(step.run.info().history_bytes());
    started = append_event(step.run, std::move(event));
  }
  history::HistoryEvent event = make_event(enums::EVENT_TYPE_WORKFLOW_TASK_FAILED, step.now());
  auto* attributes = event.mutable_workflow_task_failed_event_attributes();
  attributes->set_scheduled_event_id(ends.workflow_task_scheduled);
  attributes->set_started_event_id(started);
  attributes->set_cause(enums::WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW);
  *attributes->mutable_failure() = reset_failure(reason);
  attributes->set_identity(kHistoryService);
  attributes->set_base_run_id(base.run_id().value);
  attributes->set_new_run_id(step.run.run_id().value);
  append_event(step.run, std::move(event));
}

void fail_started_activities(Step& step, const OpenEnds& ends, const std::string& reason) {
  for (const OpenEnds::StartedActivity& activity : ends.activities) {
    history::HistoryEvent event = make_event(enums::EVENT_TYPE_ACTIVITY_TASK_FAILED, step.now());
    auto* attributes = event.mutable_activity_task_failed_event_attributes();
    attributes->set_scheduled_event_id(activity.scheduled);
    attributes->set_started_event_id(activity.started);
    *attributes->mutable_failure() = reset_failure(reason);
    attributes->set_identity(activity.identity);
    attributes->set_retry_state(enums::RETRY_STATE_NON_RETRYABLE_FAILURE);
    step.run.remove({ItemKind::kActivity, activity.scheduled});
    append_event(step.run, std::move(event));
  }
}

bool excludes(const wire::ResetWorkflowExecutionRequest& request, enums::ResetReapplyExcludeType type) {
  const auto& types = request.reset_reapply_exclude_types();
  return request.reset_reapply_type() == enums::RESET_REAPPLY_TYPE_NONE ||
         std::find(types.begin(), types.end(), type) != types.end();
}

// Signals that came after the point come again.
void reapply(Step& step, const std::vector<history::HistoryEvent>& later,
             const wire::ResetWorkflowExecutionRequest& request) {
  if (excludes(request, enums::RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL)) {
    return;
  }
  for (const history::HistoryEvent& event : later) {
    if (event.event_type() != enums::EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED) {
      continue;
    }
    const auto& from = event.workflow_execution_signaled_event_attributes();
    history::HistoryEvent again = make_event(enums::EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED, step.now());
    *again.mutable_links() = event.links();
    auto* attributes = again.mutable_workflow_execution_signaled_event_attributes();
    attributes->set_signal_name(from.signal_name());
    if (from.has_input()) {
      *attributes->mutable_input() = from.input();
    }
    attributes->set_identity(from.identity());
    if (from.has_header()) {
      *attributes->mutable_header() = from.header();
    }
    attributes->set_request_id(from.request_id());
    step.run.info().set_signal_count(step.run.info().signal_count() + 1);
    append_event(step.run, std::move(again));
  }
}

void end_replaced_run(Outcome& out, Execution& base, Execution& current, const std::string& new_run_id,
                      const std::string& reason, const Context& context) {
  base.info().set_reset_run_id(new_run_id);
  const bool runs = current.running();
  if (runs) {
    Step step{out, current, context};
    terminate_run(step, {.reason = reason, .identity = kHistoryResetter});
    commit(step);
  }
  if (&base != &current || !runs) {
    Step step{out, base, context};
    commit(step);
  }
}

std::vector<history::HistoryEvent> parsed(const std::vector<HistoryBatch>& batches) {
  std::vector<history::HistoryEvent> events;
  for (const HistoryBatch& batch : batches) {
    history::History history;
    check(history.ParseFromString(batch.events), "a stored batch of events can be read");
    std::move(history.mutable_events()->begin(), history.mutable_events()->end(), std::back_inserter(events));
  }
  return events;
}

}  // namespace

Status check_reset_point(const Execution& base, const wire::ResetWorkflowExecutionRequest& request) {
  const std::int64_t point = request.workflow_task_finish_event_id();
  return point <= 1 || point >= base.info().next_event_id()
             ? invalid_argument("Workflow task finish ID must be > 1 && <= workflow last event ID.")
             : Status();
}

bool reapplies_nothing(const wire::ResetWorkflowExecutionRequest& request) {
  return excludes(request, enums::RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL);
}

Result<wire::ResetWorkflowExecutionResponse> reset_workflow(
    Outcome& out, Execution& base, Execution& current, ResetHistory histories,
    const wire::ResetWorkflowExecutionRequest& request, const Context& context) {
  if (Status refusal = check_reset_point(base, request); !refusal.ok()) {
    return refusal;
  }
  wire::ResetWorkflowExecutionResponse response;
  if (current.info().start_request_id() == request.request_id()) {
    response.set_run_id(current.run_id().value);
    return response;
  }
  auto created = std::make_unique<Execution>(context.new_execution_id(), base.key(),
                                             RunId(uuid7(*context.random, context.now)));
  Execution& run = *created;
  Step step{out, run, context};
  const std::vector<history::HistoryEvent> events = parsed(histories.kept);
  const OpenEnds ends = rebuild_run(step, events, base.info().start_request_id());
  if (ends.workflow_task_scheduled == 0) {
    return invalid_argument(
        fmt::format("Can only reset workflow to event ID in range [WorkflowTaskScheduled +1, "
                    "WorkflowTaskStarted + 1]: {}",
                    request.workflow_task_finish_event_id()));
  }
  for (const HistoryBatch& batch : histories.kept) {
    run.info().set_history_bytes(run.info().history_bytes() + static_cast<std::int64_t>(batch.events.size()));
  }
  run.info().mutable_reset_origin()->set_base_run_id(base.run_id().value);
  run.info().mutable_reset_origin()->set_base_last_event_id(request.workflow_task_finish_event_id() - 1);
  fail_workflow_task(step, ends, base, request.reason());
  fail_started_activities(step, ends, request.reason());
  reapply(step, histories.later, request);
  schedule_workflow_task(step);

  end_replaced_run(out, base, current, run.run_id().value, request.reason(), context);
  RunWrite& write = commit(step);
  write.create = true;
  write.make_current = true;
  write.append.insert(write.append.begin(), std::make_move_iterator(histories.kept.begin()),
                      std::make_move_iterator(histories.kept.end()));
  response.set_run_id(run.run_id().value);
  out.created.push_back(std::move(created));
  return response;
}

}  // namespace perdure::engine
