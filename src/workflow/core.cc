#include "workflow/core.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/convert.h"
#include "api/failure_conversion.h"
#include "api/payload_conversion.h"
#include "base/planted.h"
#include "workflow/current_context.h"
#include "workflow/fibers.h"
#include "workflow/inert_operation.h"
#include "workflow/machines/activity.h"
#include "workflow/machines/close.h"
#include "workflow/machines/timer.h"

namespace perdure::workflow_core {
namespace {

using namespace temporal::api::enums::v1;  // NOLINT: the wire's enumerators have their type in their name

// Lets everything that is ready run first; sleep(0).
class YieldOperation final : public detail::Operation {
 public:
  void cancel() override { finish(std::make_exception_ptr(CancelledError())); }
  void finish(std::exception_ptr failure) { resolve(null_payload(), std::move(failure)); }
};

// The event that recorded the command which `event` ends; 0: it ends none.
std::int64_t initiating_event_id(const HistoryEvent& event) {
  switch (event.event_type()) {
    case EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
      return event.activity_task_completed_event_attributes().scheduled_event_id();
    case EVENT_TYPE_ACTIVITY_TASK_FAILED:
      return event.activity_task_failed_event_attributes().scheduled_event_id();
    case EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:
      return event.activity_task_timed_out_event_attributes().scheduled_event_id();
    case EVENT_TYPE_ACTIVITY_TASK_CANCELED:
      return event.activity_task_canceled_event_attributes().scheduled_event_id();
    case EVENT_TYPE_TIMER_FIRED:
      return event.timer_fired_event_attributes().started_event_id();
    case EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_FAILED:
      return event.start_child_workflow_execution_failed_event_attributes().initiated_event_id();
    case EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED:
      return event.child_workflow_execution_started_event_attributes().initiated_event_id();
    case EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED:
      return event.child_workflow_execution_completed_event_attributes().initiated_event_id();
    case EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED:
      return event.child_workflow_execution_failed_event_attributes().initiated_event_id();
    case EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED:
      return event.child_workflow_execution_canceled_event_attributes().initiated_event_id();
    case EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TIMED_OUT:
      return event.child_workflow_execution_timed_out_event_attributes().initiated_event_id();
    case EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TERMINATED:
      return event.child_workflow_execution_terminated_event_attributes().initiated_event_id();
    case EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_SIGNALED:
      return event.external_workflow_execution_signaled_event_attributes().initiated_event_id();
    case EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED:
      return event.signal_external_workflow_execution_failed_event_attributes().initiated_event_id();
    case EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED:
      return event.external_workflow_execution_cancel_requested_event_attributes().initiated_event_id();
    case EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED:
      return event.request_cancel_external_workflow_execution_failed_event_attributes().initiated_event_id();
    default:
      return 0;
  }
}

}  // namespace

WorkflowRun::Core::Core(detail::WorkflowDefinition definition, RunIdentity identity,
                        Interceptors interceptors)
    : definition_(std::move(definition)),
      identity_(std::move(identity)),
      interceptors_(std::move(interceptors)) {
  info_.namespace_name = identity_.namespace_name.value;
  info_.workflow_id = identity_.workflow_id.value;
  info_.run_id = identity_.run_id.value;
  info_.task_queue = identity_.task_queue;
}

// Destructors of user code may still call in here; nothing they do has an effect.
WorkflowRun::Core::~Core() {
  const CurrentContext current(this, &frame_bytes_);
  outbox_->closed = true;
  scheduler_.clear();
  side_fibers_.clear();
  main_.reset();
  instance_.reset();
  scheduler_.clear();
  outbox_->commands.clear();
  machines_.clear();
  local_activities_.clear();
  local_machines_.clear();
}

std::shared_ptr<detail::Operation> WorkflowRun::Core::start_activity(detail::ActivityRequest request) {
  outbox_->check_writable("start an activity");
  if (outbox_->closed) {
    return std::make_shared<InertOperation>();
  }
  return interception_ ? interception_->start_activity(std::move(request))
                       : schedule_activity(std::move(request));
}

std::shared_ptr<detail::Operation> WorkflowRun::Core::schedule_activity(detail::ActivityRequest request) {
  validate(request.options);
  const bool same_queue =
      request.options.task_queue.empty() || request.options.task_queue == info_.task_queue;
  const bool eager = same_queue && !request.options.disable_eager_execution;
  if (request.options.task_queue.empty()) {
    request.options.task_queue = info_.task_queue;
  }
  const std::int64_t number = next_activity_++;
  if (request.options.activity_id.empty()) {
    request.options.activity_id = std::to_string(number);
  }
  const std::source_location where = request.where;
  auto machine = std::make_shared<ActivityMachine>(std::move(request), eager, outbox_);
  outbox_->commands.push_back({COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK, machine, where});
  return machine;
}

std::shared_ptr<detail::Operation> WorkflowRun::Core::start_timer(std::chrono::nanoseconds duration,
                                                                  std::string summary,
                                                                  std::source_location where) {
  outbox_->check_writable("start a timer");
  if (outbox_->closed) {
    return std::make_shared<InertOperation>();
  }
  if (duration == std::chrono::nanoseconds::zero()) {
    auto operation = std::make_shared<YieldOperation>();
    scheduler_.call_later([operation] { operation->finish(nullptr); });
    return operation;
  }
  StartTimerInput input{.duration = duration, .summary = std::move(summary), .where = where};
  return interception_ ? interception_->start_timer(std::move(input)) : schedule_timer(std::move(input));
}

std::shared_ptr<detail::Operation> WorkflowRun::Core::schedule_timer(StartTimerInput input) {
  auto machine = std::make_shared<TimerMachine>(std::to_string(next_timer_++), input.duration,
                                                std::move(input.summary), input.where, outbox_);
  outbox_->commands.push_back({COMMAND_TYPE_START_TIMER, machine, input.where});
  return machine;
}

detail::Fiber* WorkflowRun::Core::start_fiber(Task<void> task) {
  outbox_->check_writable("create a task");
  if (outbox_->closed) {
    return nullptr;
  }
  side_fibers_.push_back(std::make_unique<SideFiber>(*this, std::move(task)));
  if (const detail::Fiber* creator = scheduler_.running()) {
    side_fibers_.back()->update = creator->update;
  }
  scheduler_.start(side_fibers_.back().get());
  return side_fibers_.back().get();
}

void WorkflowRun::Core::cancel_fiber(detail::Fiber* fiber) {
  outbox_->check_writable("cancel a task");
  if (outbox_->closed) {
    return;
  }
  if (fiber->waiting != nullptr) {
    fiber->waiting->cancel();
  } else {
    fiber->cancel_pending = true;
  }
}

void WorkflowRun::Core::make_ready(detail::Fiber* fiber, std::coroutine_handle<> handle) {
  if (!outbox_->closed) {
    scheduler_.resume_later(fiber, handle);
  }
}

// As Temporal's Python SDK: signals and updates first, so that their handlers ran before anything that
// resumes because of the same workflow task; then everything else in the order of history.
void WorkflowRun::Core::run_task(const HistoryEvent& started, bool replaying) {
  replaying_ = replaying;
  info_.current_history_length = started.event_id();
  info_.current_history_size = started.workflow_task_started_event_attributes().history_size_bytes();
  info_.is_continue_as_new_suggested =
      started.workflow_task_started_event_attributes().suggest_continue_as_new();
  if (!replaying || !planted(PlantedBug::kReplayKeepsOldTime)) {
    now_ = std::max(now_, to_time_point(api::from_proto(started.event_time())));
  }
  if (replaying && planted(PlantedBug::kReplayReversesEvents)) {
    std::reverse(jobs_.begin(), jobs_.end());
  }
  if (instance_ == nullptr) {
    instance_ = definition_.create();
    make_interception();
  }
  steps_ = 0;
  refusals_.clear();
  const bool saw_something = !arrivals_.empty() || !jobs_.empty();
  // What ends in this task cannot be cancelled by it any more, whatever runs first.
  for (const HistoryEvent* event : jobs_) {
    const auto machine = machines_.find(initiating_event_id(*event));
    if (machine != machines_.end() && machine->second->is_last(*event)) {
      machine->second->ending();
    }
  }
  start_arrivals();
  scheduler_.drain(stopped_);
  for (const HistoryEvent* event : std::exchange(jobs_, {})) {
    if (!stopped_) {
      run_job(*event);
    }
  }
  scheduler_.drain(stopped_);
  finish_step(saw_something);
}

void WorkflowRun::Core::run_job(const HistoryEvent& event) {
  switch (event.event_type()) {
    case EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
      start_main();
      break;
    case EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED:
      request_cancellation();
      break;
    default:
      if (const std::int64_t initiated_by = initiating_event_id(event); initiated_by != 0) {
        apply_to_machine(initiated_by, event);
      }
      break;
  }
}

void WorkflowRun::Core::start_main() {
  const auto& attributes = started_event_->workflow_execution_started_event_attributes();
  Payloads arguments = api::payloads_from_proto(attributes.input());
  main_ = std::make_unique<MainFiber>(
      *this, interception_ ? interception_->inbound().execute_workflow(
                                 {.args = std::move(arguments),
                                  .headers = api::headers_from_proto(attributes.header())})
                           : instance_->run(arguments));
  scheduler_.start(main_.get());
}

// Queued, so that run() has taken its first step and can catch it.
void WorkflowRun::Core::request_cancellation() {
  cancellation_requested_ = true;
  scheduler_.call_later([this] {
    if (main_ != nullptr) {
      cancel_fiber(main_.get());
    }
  });
}

void WorkflowRun::Core::finish_main(Task<detail::RunResult>& task) {
  try {
    const detail::RunResult result = detail::TaskAccess::take(task);
    if (result.continue_as_new != nullptr) {
      continue_as_new(*result.continue_as_new);
      return;
    }
    Command command;
    command.set_command_type(COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION);
    api::set_payload(
        command.mutable_complete_workflow_execution_command_attributes()->mutable_result()->add_payloads(),
        result.result);
    close_run(std::move(command));
  } catch (...) {
    end_with_exception(std::current_exception());
  }
}

void WorkflowRun::Core::finish_side(SideFiber* fiber, Task<void>& task) {
  if (fiber->at_work) {
    handlers_at_work_.erase(*fiber->at_work);
  }
  try {
    detail::TaskAccess::take(task);
  } catch (...) {
    end_with_exception(std::current_exception());
  }
  side_fibers_.remove_if([fiber](const auto& owned) { return owned.get() == fiber; });
}

// As Temporal's Python SDK: a failure error fails the workflow; anything else is a bug in its code, fails the
// workflow task, and the run goes on when the code is repaired.
void WorkflowRun::Core::end_with_exception(const std::exception_ptr& exception) {
  Command command;
  try {
    std::rethrow_exception(exception);
  } catch (const FailureError& error) {
    if (cancellation_requested_ && is_cancelled(error)) {
      command.set_command_type(COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION);
      command.mutable_cancel_workflow_execution_command_attributes();
    } else {
      command.set_command_type(COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION);
      *command.mutable_fail_workflow_execution_command_attributes()->mutable_failure() =
          api::exception_to_failure(exception);
    }
    close_run(std::move(command));
  } catch (...) {
    task_failure_ = exception;
    stopped_ = true;
  }
}

void WorkflowRun::Core::continue_as_new(workflow::ContinueAsNew request) {
  outbox_->check_writable("continue as new");
  if (interception_ && !outbox_->closed) {
    interception_->continue_as_new(request);
  } else {
    close_with_continue_as_new(request);
  }
}

void WorkflowRun::Core::close_with_continue_as_new(const workflow::ContinueAsNew& request) {
  const auto& asked = request.request();
  const auto& started = started_event_->workflow_execution_started_event_attributes();
  Command command;
  command.set_command_type(COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION);
  auto* attributes = command.mutable_continue_as_new_workflow_execution_command_attributes();
  attributes->mutable_workflow_type()->set_name(asked.workflow_type);
  attributes->mutable_task_queue()->set_name(asked.options.task_queue.empty() ? info_.task_queue
                                                                              : asked.options.task_queue);
  attributes->mutable_task_queue()->set_kind(TASK_QUEUE_KIND_NORMAL);
  if (!asked.arguments.empty()) {
    api::set_payloads(attributes->mutable_input(), asked.arguments);
  }
  if (!asked.headers.empty()) {
    api::set_headers(attributes->mutable_header(), asked.headers);
  }
  if (asked.options.run_timeout) {
    api::set_duration(attributes->mutable_workflow_run_timeout(), *asked.options.run_timeout);
  }
  if (asked.options.task_timeout) {
    api::set_duration(attributes->mutable_workflow_task_timeout(), *asked.options.task_timeout);
  }
  if (asked.options.backoff_start_interval) {
    api::set_duration(attributes->mutable_backoff_start_interval(), *asked.options.backoff_start_interval);
  }
  if (asked.options.retry_policy) {
    api::set_retry_policy(attributes->mutable_retry_policy(), *asked.options.retry_policy);
  } else if (started.has_retry_policy()) {
    *attributes->mutable_retry_policy() = started.retry_policy();
  }
  attributes->set_initiator(CONTINUE_AS_NEW_INITIATOR_WORKFLOW);
  if (started.has_memo()) {
    *attributes->mutable_memo() = started.memo();
  }
  if (started.has_search_attributes()) {
    *attributes->mutable_search_attributes() = started.search_attributes();
  }
  close_run(std::move(command));
}

void WorkflowRun::Core::close_run(Command command) {
  if (closed_ || outbox_->closed) {
    return;
  }
  closed_ = true;
  stopped_ = true;
  warn_of_unfinished_handlers();
  const CommandType type = command.command_type();
  outbox_->commands.push_back({type, std::make_shared<CloseMachine>(std::move(command)), {}});
}

// Frames, and what is kept for whatever is open. What machines and the first event hold is estimated: to
// count exactly, protobuf goes through an event by reflection, which took as long as running a short
// workflow's task.
std::int64_t WorkflowRun::Core::bytes() const {
  constexpr std::size_t kMachineBytes = 1024;
  constexpr std::size_t kStartedBytes =
      1024;  // its messages; the strings are longer on the heap than on the wire
  const std::size_t open = outbox_->commands.size() + machines_.size() + local_machines_.size();
  const std::size_t started = started_event_ ? kStartedBytes + 2 * started_event_->ByteSizeLong() : 0;
  return frame_bytes_ + static_cast<std::int64_t>(sizeof(*this) + started + open * kMachineBytes +
                                                  side_fibers_.size() * sizeof(SideFiber));
}

}  // namespace perdure::workflow_core
