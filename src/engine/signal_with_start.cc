// As Temporal's api/signalwithstartworkflow.
#include "engine/commit.h"
#include "engine/engine.h"
#include "engine/execution.h"
#include "engine/machines/workflow_task.h"
#include "engine/run_requests.h"
#include "engine/start.h"

namespace perdure::engine {

Result<StartReply> signal_with_start_workflow(Outcome& out, Execution* current,
                                              const wire::StartWorkflowExecutionRequest& start,
                                              const wire::SignalWorkflowExecutionRequest& signal,
                                              const Context& context) {
  if (current == nullptr || !current->running() ||
      start.workflow_id_conflict_policy() == enums::WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING) {
    return start_run(out, current, start, {.signal = &signal}, context);
  }
  if (Status refusal = check_signal(*current, signal.input()); !refusal.ok()) {
    return refusal;
  }
  const StartReply reply{current->id(), current->run_id().value, false};
  if (current->knows_signal_request(signal.request_id())) {
    return reply;
  }
  Step step{out, *current, context};
  add_signal(step, signal, nullptr);
  schedule_workflow_task_if_none(step);  // a start delay ends with it
  commit(step);
  return reply;
}

}  // namespace perdure::engine
