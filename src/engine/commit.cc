#include "engine/commit.h"

#include <memory>
#include <utility>

#include "base/limits.h"
#include "engine/close.h"
#include "engine/history.h"
#include "engine/machines/update.h"
#include "engine/machines/workflow_task.h"

namespace perdure::engine {

namespace {

bool buffer_is_full(const Execution& run) {
  const auto& buffered = run.info().buffered_events();
  if (static_cast<std::size_t>(buffered.size()) > limits::kBufferedEvents) {
    return true;
  }
  std::size_t bytes = 0;
  for (const history::HistoryEvent& event : buffered) {
    bytes += event.ByteSizeLong();
  }
  return bytes > limits::kBufferedEventBytes;
}

// As Temporal (context.go, enforceHistory*Check), but what the command did is kept: the termination follows
// it.
void enforce_history_limits(Step& step) {
  const state::ExecutionState& info = step.run.info();
  if (info.history_bytes() > limits::kHistoryBytes) {
    terminate_run(step, {.reason = "Workflow history size exceeds limit.", .identity = kHistoryService});
  } else if (info.next_event_id() - 1 > limits::kHistoryEvents) {
    terminate_run(step, {.reason = "Workflow history count exceeds limit.", .identity = kHistoryService});
  }
}

}  // namespace

RunWrite& commit(Step& step) {
  Execution& run = step.run;
  if (run.running()) {
    make_task_durable(step);
  }
  if (run.running() && run.has_started_workflow_task() && buffer_is_full(run)) {
    fail_started_workflow_task(
        step, {.cause = enums::WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND, .identity = kHistoryService});
    schedule_workflow_task(step);
  }
  if (run.running() && !run.has_started_workflow_task()) {
    flush_buffered_events(run);
  }
  if (run.running()) {
    enforce_history_limits(step);
  }
  if (!run.running()) {
    abort_updates(step);
  }
  run.forget_savepoint();
  auto events = std::make_unique<history::History>();
  RunWrite& write = step.out.writes.emplace_back(run.take_changes(events.get()));
  if (!write.append.empty()) {
    const HistoryBatch& batch = write.append.front();
    step.out.events.push_back({run.id(), batch.first_event_id, batch.events.size(), std::move(events)});
  }
  for (const Item& item : write.upsert) {
    const bool handed_out = item.key.kind == ItemKind::kWorkflowTask && run.volatile_start() != nullptr;
    if (!item.queue.empty() && !handed_out) {
      step.out.ready.push_back({run.id(), item.key, item.queue});
    }
  }
  return write;
}

}  // namespace perdure::engine
