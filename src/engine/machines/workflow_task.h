#pragma once
// The workflow task of a run: at most one, waiting or started.
//
//   none ── schedule ──▶ waiting ── start ──▶ started ── complete ──▶ none
//             ▲             │ sticky time-out    │ fail, time out
//             └─────────────┴────────────────────┘ (attempt + 1, unless the queue was sticky)
//
// Attempt 1 has events for all of it; its start is in memory only until something closes the task
// (VolatileStart). Attempts above 1 are transient: no event is written before the task completes, and they
// start durably. See Temporal's workflow/workflow_task_state_machine.go.
#include <cstdint>
#include <optional>
#include <string>

#include "engine/names.h"
#include "engine/step.h"

namespace perdure::engine {

// The sticky queue, or the run's own.
taskqueue::TaskQueue current_task_queue(const Execution& run);
void clear_sticky_queue(Execution& run);

// No task may be pending. Buffered events are flushed first.
void schedule_workflow_task(Step& step);
// A long workflow task goes on in another one: its first scheduling time counts.
void schedule_workflow_task_heartbeat(Step& step, Timestamp original_scheduled_time);
void schedule_workflow_task_if_none(Step& step);

// A task that exists to bring updates to the worker: in memory only, without events, until it comes to
// something. See Temporal's docs/architecture/speculative-workflow-task.md.
void schedule_speculative_workflow_task(Step& step);
// Makes an ordinary task of a speculative one: gives its scheduled event an id. No effect on any other. To be
// called before anything else gets an id.
void make_task_durable(Step& step);
// Nothing came of the started speculative task.
void discard_speculative_workflow_task(Execution& run);

// Marks the waiting attempt 1 as handed out, in memory.
void start_workflow_task_volatile(Step& step, const PollerInfo& poller, const std::string& request_id);
// Writes the WorkflowTaskStarted event of a task that was started in memory only. No effect on any other.
void make_start_durable(Step& step);

// Ends the started task, whose completion is `request`. Returns the id of the WorkflowTaskCompleted event.
std::int64_t complete_started_workflow_task(Step& step,
                                            const wire::RespondWorkflowTaskCompletedRequest& request);

struct WorkflowTaskFailure {
  enums::WorkflowTaskFailedCause cause{};
  const failure::Failure* why = nullptr;
  std::string identity;
  std::string binary_checksum;
};
void fail_started_workflow_task(Step& step, const WorkflowTaskFailure& details);
void time_out_started_workflow_task(Step& step);
// Its sticky queue did not take it in time.
void time_out_waiting_workflow_task(Step& step);

// What the worker gets for the started task.
WorkflowTaskStart workflow_task_answer(const Execution& run, const std::string& identity);
// Whether `ref` names the task that is started now.
bool is_started_task(const Execution& run, const WorkflowTaskRef& ref);

}  // namespace perdure::engine
