// Local activities: what the code hears of them and when, live and in a replay.
//
// Live, the code takes a step for what came with the workflow task, and one more for each local activity that
// ends while the task is open. A replay takes the same steps, as the markers of the task stand in the order
// in which the code heard of them. Whatever has no marker when history is at its end is for the worker to
// run.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "api/failure_conversion.h"
#include "base/planted.h"
#include "workflow/core.h"
#include "workflow/inert_operation.h"
#include "workflow/nondeterminism.h"

namespace perdure::workflow_core {
namespace {

using namespace temporal::api::enums::v1;  // NOLINT: the wire's enumerators have their type in their name
using temporal::api::failure::v1::Failure;
using OptionalTime = std::optional<std::chrono::system_clock::time_point>;

bool is_cancellation(const Failure& failure) {
  return failure.has_canceled_failure_info() || failure.cause().has_canceled_failure_info();
}

// What the code gets to see: the failures of the worker as the causes of one that names the activity.
std::exception_ptr activity_error(const LocalActivityTask& task, const Failure& cause) {
  Failure failure;
  const bool timed_out = cause.has_timeout_failure_info();
  failure.set_message(is_cancellation(cause) ? "Local Activity cancelled"
                      : timed_out            ? "Local Activity timed out"
                                             : "Local Activity failed");
  auto* info = failure.mutable_activity_failure_info();
  info->mutable_activity_type()->set_name(task.activity_type);
  info->set_activity_id(task.activity_id);
  info->set_retry_state(is_cancellation(cause) ? RETRY_STATE_CANCEL_REQUESTED
                        : timed_out            ? RETRY_STATE_TIMEOUT
                                               : RETRY_STATE_UNSPECIFIED);
  *failure.mutable_cause() = cause;
  return api::failure_to_exception(failure);
}

}  // namespace

// What the handles await: one machine after the other, with durable timers between them.
class WorkflowRun::Core::LocalActivity final : public detail::Operation,
                                               public detail::OperationListener,
                                               public std::enable_shared_from_this<LocalActivity> {
 public:
  LocalActivity(Core& core, std::source_location where, bool named, std::shared_ptr<Outbox> outbox)
      : core_(core), where_(where), named_(named), outbox_(std::move(outbox)) {}
  ~LocalActivity() override {
    if (timer_ != nullptr) {
      timer_->unlisten(this);
    }
  }

  std::source_location where() const { return where_; }
  void set_machine(const std::shared_ptr<LocalActivityMachine>& machine) { machine_ = machine; }

  void cancel() override {
    if (outbox_->closed || done()) {
      return;
    }
    if (timer_ != nullptr) {
      timer_->cancel();
    } else if (const auto machine = machine_.lock()) {
      machine->cancel(core_.steps_ + 1);
    }
  }

  void machine_ended(const LocalActivityMachine& machine) {
    const LocalActivityOutcome& outcome = machine.outcome();
    if (outcome.backoff) {
      back_off(machine.task(), outcome);
    } else if (outcome.result) {
      finish(*outcome.result, nullptr);
    } else {
      finish({}, activity_error(machine.task(), outcome.failure.value_or(Failure())));
    }
  }

  // Of the timer.
  void operation_done(const Operation&) override {
    const std::shared_ptr<detail::Operation> timer = std::exchange(timer_, nullptr);
    if (!timer->failed()) {
      core_.start_local_activity_machine(std::move(next_), *this);
      return;
    }
    Failure cancelled;
    cancelled.set_message("Activity cancelled");
    cancelled.mutable_canceled_failure_info();
    finish({}, activity_error(next_, cancelled));
  }

 private:
  // As Temporal's Python SDK: the next attempt is another local activity, with the next number.
  void back_off(const LocalActivityTask& task, const LocalActivityOutcome& outcome) {
    next_ = task;
    next_.number = static_cast<std::uint32_t>(core_.next_activity_++);
    if (!named_) {
      next_.activity_id = std::to_string(next_.number);
    }
    next_.first_attempt = outcome.attempt + 1;
    next_.scheduled_time = outcome.scheduled_time;
    timer_ = core_.start_timer(*outcome.backoff, "", where_);
    timer_->listen(this);
  }

  void finish(Payload result, std::exception_ptr failure) {
    const auto self = shared_from_this();  // the list may hold the last reference
    std::erase(core_.local_activities_, self);
    resolve(std::move(result), std::move(failure));
  }

  Core& core_;  // alive while outbox_ is open
  std::source_location where_;
  bool named_;  // by the code
  std::shared_ptr<Outbox> outbox_;
  std::weak_ptr<LocalActivityMachine> machine_;
  std::shared_ptr<detail::Operation> timer_;  // of a backoff
  LocalActivityTask next_;                    // after it
};

std::shared_ptr<detail::Operation> WorkflowRun::Core::start_local_activity(
    detail::LocalActivityRequest request) {
  outbox_->check_writable("start a local activity");
  if (outbox_->closed) {
    return std::make_shared<InertOperation>();
  }
  return interception_ ? interception_->start_local_activity(std::move(request))
                       : schedule_local_activity(std::move(request));
}

std::shared_ptr<detail::Operation> WorkflowRun::Core::schedule_local_activity(
    detail::LocalActivityRequest request) {
  validate(request.options);
  LocalActivityTask task;
  task.number = static_cast<std::uint32_t>(next_activity_++);
  const bool named = !request.options.activity_id.empty();
  task.activity_id = named ? request.options.activity_id : std::to_string(task.number);
  task.activity_type = std::move(request.activity_type);
  task.arguments = std::move(request.arguments);
  task.options = std::move(request.options);
  task.headers = std::move(request.headers);
  auto activity = std::make_shared<LocalActivity>(*this, request.where, named, outbox_);
  local_activities_.push_back(activity);
  start_local_activity_machine(std::move(task), *activity);
  return activity;
}

void WorkflowRun::Core::start_local_activity_machine(LocalActivityTask task, LocalActivity& owner) {
  const std::uint32_t number = task.number;
  const auto ended = [this, activity = owner.weak_from_this()](const LocalActivityMachine& machine) {
    cancelled_at_once_ = cancelled_at_once_ || !machine.was_awaited();
    if (const auto alive = activity.lock()) {
      alive->machine_ended(machine);
    }
  };
  auto machine = std::make_shared<LocalActivityMachine>(std::move(task), owner.where(), now_, outbox_, ended);
  owner.set_machine(machine);
  local_machines_.emplace(number, std::move(machine));
}

void WorkflowRun::Core::end_local_activity(LocalActivityMachine& machine, LocalActivityOutcome outcome,
                                           OptionalTime complete_time) {
  if (complete_time && !(replaying_ && planted(PlantedBug::kReplayForgetsLocalTime))) {
    now_ = std::max(now_, *complete_time);
  }
  machine.resolve(std::move(outcome), complete_time, steps_);
}

// Numbered as in Temporal's Rust core, which tells the code of local activities that it cancelled in a step
// of its own.
void WorkflowRun::Core::finish_step(bool counted) {
  steps_ += counted ? 1 : 0;
  steps_ += std::exchange(cancelled_at_once_, false) ? 1 : 0;
  for (const auto& [number, machine] : local_machines_) {
    if (machine->created()) {
      machine->handed_over();
    }
  }
}

// What the code heard of in one step has one number. Without numbers, as in histories of older SDKs, it hears
// in one step of all that it waits for: so these SDKs replay them.
bool WorkflowRun::Core::is_heard_with(const LocalActivityMarker& marker,
                                      const LocalActivityMarker& next) const {
  if (marker.activation || next.activation) {
    return marker.activation == next.activation;
  }
  const auto machine = local_machines_.find(next.number);
  return machine != local_machines_.end() && machine->second->waits();
}

void WorkflowRun::Core::replay_local_activities() {
  const std::vector<LocalActivityMarker> markers = std::exchange(recorded_local_activities_, {});
  for (std::size_t i = 0; i < markers.size() && !stopped_; ++i) {
    const LocalActivityMarker& marker = markers[i];
    const auto found = local_machines_.find(marker.number);
    if (found != local_machines_.end() && found->second->waits()) {
      const std::shared_ptr<LocalActivityMachine> machine = found->second;
      if (const std::string difference = machine->difference(marker); !difference.empty()) {
        throw different_local_activity(marker, *machine, difference);
      }
      end_local_activity(*machine, marker.outcome, marker.complete_time);
    }
    if (i + 1 == markers.size() || !is_heard_with(marker, markers[i + 1])) {
      scheduler_.drain(stopped_);
      finish_step(true);
      rethrow_task_failure();
    }
  }
}

void WorkflowRun::Core::record_local_activity(const HistoryEvent& event) {
  const auto marker = local_activity_marker(event);
  const auto command =
      std::find_if(outbox_->commands.begin(), outbox_->commands.end(), [&](const OutgoingCommand& outgoing) {
        const auto found = marker ? local_machines_.find(marker->number) : local_machines_.end();
        return found != local_machines_.end() && outgoing.machine == found->second;
      });
  if (command == outbox_->commands.end()) {
    const OutgoingCommand* produced = next_command_in_order();
    throw produced == nullptr ? nothing_produced(event) : unexpected_event(event, produced, "");
  }
  const OutgoingCommand produced = *command;
  if (const std::string difference = produced.machine->difference(produced.type, event);
      !difference.empty()) {
    throw unexpected_event(event, &produced, difference);
  }
  outbox_->commands.erase(command);
  produced.machine->recorded(produced.type, event);
  last_match_ = {event.event_id(), event.event_type(), produced.where};
  local_machines_.erase(marker->number);
}

// Starts come in the order of the code.
void WorkflowRun::Core::ask_worker(Completion* completion) {
  for (const auto& [number, machine] : local_machines_) {
    if (!stopped_ && machine->wants_worker()) {
      completion->start_local_activities.push_back(machine->task());
      machine->told_worker();
    }
    if (machine->take_stop_request()) {
      completion->stop_local_activities.push_back(number);
    }
    completion->waits_for_local_activities |= !stopped_ && machine->waits();
  }
}

}  // namespace perdure::workflow_core
