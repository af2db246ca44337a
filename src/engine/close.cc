#include "engine/close.h"

#include <vector>

#include "engine/history.h"
#include "engine/machines/workflow_task.h"
#include "engine/outbox.h"

namespace perdure::engine {

namespace {

void fail_workflow_task_before_close(Step& step) {
  make_task_durable(step);
  if (step.run.has_started_workflow_task()) {
    fail_started_workflow_task(
        step, {.cause = enums::WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND, .identity = kHistoryService});
    flush_buffered_events(step.run);
  }
}

}  // namespace

void close_run(Step& step, history::HistoryEvent event, enums::WorkflowExecutionStatus status,
               std::string_view successor_run_id) {
  Execution& run = step.run;
  append_event(run, std::move(event));
  leave_outgoing(step, *run.new_events().events().rbegin(), successor_run_id);
  state::ExecutionState& info = run.info();
  info.set_status(status);
  info.set_close_time(info.last_event_time());
  info.set_successor_run_id(std::string(successor_run_id));
  info.clear_sticky_queue();
  info.clear_sticky_schedule_to_start_timeout();
  info.clear_buffered_events();  // what is still buffered came too late for this history, as Temporal
  run.set_volatile_start(std::nullopt);
  run.set_speculative_task(std::nullopt);
  std::vector<ItemKey> ended;
  run.for_each([&](ItemKey key, const Pending&) {
    if (!outlives_close(key.kind)) {
      ended.push_back(key);
    }
  });
  for (ItemKey key : ended) {
    run.remove(key);
  }
}

void terminate_run(Step& step, const Termination& termination) {
  fail_workflow_task_before_close(step);
  history::HistoryEvent event = make_event(enums::EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED, step.now());
  auto* attributes = event.mutable_workflow_execution_terminated_event_attributes();
  attributes->set_reason(termination.reason);
  attributes->set_identity(termination.identity);
  if (termination.details != nullptr) {
    *attributes->mutable_details() = *termination.details;
  }
  if (termination.links != nullptr) {
    *event.mutable_links() = *termination.links;
  }
  flush_buffered_events(step.run);
  close_run(step, std::move(event), enums::WORKFLOW_EXECUTION_STATUS_TERMINATED);
}

void time_out_run(Step& step, enums::RetryState retry_state, std::string_view successor_run_id) {
  fail_workflow_task_before_close(step);
  history::HistoryEvent event = make_event(enums::EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT, step.now());
  auto* attributes = event.mutable_workflow_execution_timed_out_event_attributes();
  attributes->set_retry_state(retry_state);
  attributes->set_new_execution_run_id(std::string(successor_run_id));
  flush_buffered_events(step.run);
  close_run(step, std::move(event), enums::WORKFLOW_EXECUTION_STATUS_TIMED_OUT, successor_run_id);
}

}  // namespace perdure::engine
