#include "workflow/run.h"

#include <utility>

#include "workflow/core.h"

namespace perdure::workflow_core {

WorkflowRun::WorkflowRun(detail::WorkflowDefinition definition, RunIdentity identity,
                         std::vector<std::shared_ptr<Interceptor>> interceptors)
    : core_(std::make_unique<Core>(std::move(definition), std::move(identity), std::move(interceptors))) {}

WorkflowRun::~WorkflowRun() = default;

Completion WorkflowRun::activate(const HistoryEvents& events, ActivationOptions options) {
  return core_->activate(events, options);
}

Completion WorkflowRun::resolve_local_activity(std::uint32_t number, LocalActivityOutcome outcome) {
  return core_->resolve_local_activity(number, std::move(outcome));
}

QueryAnswer WorkflowRun::query(const QueryRequest& request) { return core_->query(request); }
void WorkflowRun::undo_last_task(std::int64_t started_event_id) { core_->undo_last_task(started_event_id); }
std::int64_t WorkflowRun::last_started_event_id() const { return core_->last_started_event_id(); }
bool WorkflowRun::is_closed() const { return core_->is_closed(); }

std::chrono::nanoseconds WorkflowRun::task_timeout() const { return core_->info().task_timeout; }
std::int64_t WorkflowRun::bytes() const { return core_->bytes(); }
std::int64_t WorkflowRun::last_event_id() const { return core_->last_event_id(); }

std::chrono::system_clock::time_point WorkflowRun::start_time() const { return core_->info().start_time; }

}  // namespace perdure::workflow_core
