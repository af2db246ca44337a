// Reading history: which events belong to which workflow task, and whether the code did what they say.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/convert.h"
#include "api/failure_conversion.h"
#include "api/payload_conversion.h"
#include "workflow/core.h"
#include "workflow/current_context.h"
#include "workflow/nondeterminism.h"

namespace perdure::workflow_core {
namespace {

using namespace temporal::api::enums::v1;  // NOLINT: the wire's enumerators have their type in their name

// The events that follow refer to the one that records this command.
bool begins_machine(CommandType type) {
  return type == COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK || type == COMMAND_TYPE_START_TIMER ||
         type == COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION ||
         type == COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION ||
         type == COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION;
}

Completion task_failure(WorkflowTaskFailedCause cause, const std::exception_ptr& exception) {
  Completion completion;
  completion.outcome = Completion::Outcome::kTaskFailure;
  completion.cause = cause;
  completion.failure = api::exception_to_failure(exception);
  return completion;
}

// Whether the code saw the task that `events[index]` started: a task that failed or timed out had no effect.
bool was_completed_or_is_open(const HistoryEvents& events, int index) {
  return index + 1 == events.size() || events[index + 1].event_type() == EVENT_TYPE_WORKFLOW_TASK_COMPLETED;
}

// How many of the events belong to completed workflow tasks: up to the last command of the last one.
int completed_events(const HistoryEvents& events) {
  int end = events.size();
  while (end > 0 && events[end - 1].event_type() != EVENT_TYPE_WORKFLOW_TASK_COMPLETED) {
    --end;
  }
  while (end > 0 && end < events.size() && is_command_event(events[end])) {
    ++end;
  }
  return end;
}

// FNV-1a: the seed must be the same in every program that ever replays the run.
std::uint64_t seed_of(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
  return hash;
}

template <class Duration>
std::optional<std::chrono::nanoseconds> optional_duration(bool present, const Duration& duration) {
  if (!present || (duration.seconds() == 0 && duration.nanos() == 0)) {
    return std::nullopt;
  }
  return api::from_proto(duration);
}

}  // namespace

template <class Work>
Completion WorkflowRun::Core::run_step(Work work) {
  const CurrentContext current(this, &frame_bytes_);
  Completion completion;
  try {
    completion = work();
  } catch (const NondeterminismError& error) {
    completion = task_failure(WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR,
                              std::make_exception_ptr(complete_report(error, last_match_)));
  } catch (...) {
    completion =
        task_failure(WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE, std::current_exception());
  }
  poisoned_ = poisoned_ || completion.outcome != Completion::Outcome::kCommands;
  completion.warnings = std::exchange(warnings_, {});
  arrivals_.clear();
  jobs_.clear();
  return completion;
}

Completion WorkflowRun::Core::activate(const HistoryEvents& events, ActivationOptions options) {
  return run_step([&] { return consume(events, options); });
}

Completion WorkflowRun::Core::resolve_local_activity(std::uint32_t number, LocalActivityOutcome outcome) {
  return run_step([&] {
    const auto found = local_machines_.find(number);
    if (found != local_machines_.end() && found->second->waits() && !stopped_) {
      const auto runtime = std::chrono::duration_cast<std::chrono::system_clock::duration>(outcome.runtime);
      const std::shared_ptr<LocalActivityMachine> machine = found->second;
      end_local_activity(*machine, std::move(outcome), machine->started_at() + runtime);
      scheduler_.drain(stopped_);
      finish_step(true);
      rethrow_task_failure();
    }
    return collect_commands();
  });
}

Completion WorkflowRun::Core::consume(const HistoryEvents& events, ActivationOptions options) {
  const int end = options.completed_only ? completed_events(events) : events.size();
  for (int i = 0; i < end; ++i) {
    const HistoryEvent& event = events[i];
    if (event.event_id() <= last_event_id_) {
      continue;
    }
    const bool follows = event.event_id() == last_event_id_ + 1;
    // After an answer that the service did not take, the state here is ahead of history.
    const bool refused =
        !outbox_->commands.empty() && (event.event_type() == EVENT_TYPE_WORKFLOW_TASK_FAILED ||
                                       event.event_type() == EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT);
    if (poisoned_ || !follows || refused) {
      Completion completion;
      completion.outcome = Completion::Outcome::kNeedsFullHistory;
      return completion;
    }
    apply(event);
    last_event_id_ = event.event_id();
    if (event.event_type() == EVENT_TYPE_WORKFLOW_TASK_STARTED && was_completed_or_is_open(events, i)) {
      last_run_task_ = event.event_id();
      look_ahead(events, i);
      gather_updates(events, i, options.messages);
      run_task(event, event.event_id() <= options.previous_started_event_id);
      rethrow_task_failure();
      replay_local_activities();
    }
  }
  return collect_commands();
}

void WorkflowRun::Core::rethrow_task_failure() {
  if (task_failure_) {
    std::rethrow_exception(std::exchange(task_failure_, nullptr));
  }
}

Completion WorkflowRun::Core::collect_commands() {
  std::erase_if(outbox_->commands,
                [](const OutgoingCommand& outgoing) { return outgoing.machine->dropped(outgoing.type); });
  Completion completion;
  completion.commands.reserve(outbox_->commands.size());
  completion.messages = refusals_;
  for (const OutgoingCommand& outgoing : outbox_->commands) {
    completion.commands.push_back(outgoing.machine->make_command(outgoing.type));
    if (std::optional<ProtocolMessage> message = outgoing.machine->message()) {
      completion.messages.push_back(*std::move(message));
    }
  }
  completion.closes_run = closed_ && !outbox_->commands.empty();
  ask_worker(&completion);
  return completion;
}

const OutgoingCommand* WorkflowRun::Core::next_command() {
  std::deque<OutgoingCommand>& commands = outbox_->commands;
  while (!commands.empty() && commands.front().machine->dropped(commands.front().type)) {
    commands.pop_front();
  }
  return commands.empty() ? nullptr : &commands.front();
}

// What concerns the code waits for the start of the workflow task that showed it to the code.
void WorkflowRun::Core::apply(const HistoryEvent& event) {
  if (is_command_event(event)) {
    apply_command_event(event);
    return;
  }
  switch (event.event_type()) {
    case EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
      return;
    case EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED:
    case EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT:
      stopped_ = true;
      return;
    default:
      break;
  }
  check_commands_recorded(event);
  switch (event.event_type()) {
    case EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
      apply_started(event);
      jobs_.push_back(&event);
      break;
    case EVENT_TYPE_WORKFLOW_TASK_SCHEDULED:
      before_task_ = event.event_id() - 1;
      break;
    case EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
      arrivals_.push_back({.after_event = event.event_id(), .signal = &event});
      break;
    case EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ADMITTED:
      admit_update(event);
      break;
    case EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED:
    case EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
    case EVENT_TYPE_ACTIVITY_TASK_FAILED:
    case EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:
    case EVENT_TYPE_ACTIVITY_TASK_CANCELED:
    case EVENT_TYPE_TIMER_FIRED:
    case EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_FAILED:
    case EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED:
    case EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED:
    case EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED:
    case EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED:
    case EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TIMED_OUT:
    case EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TERMINATED:
    case EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_SIGNALED:
    case EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED:
    case EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED:
    case EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED:
      jobs_.push_back(&event);
      break;
    case EVENT_TYPE_WORKFLOW_TASK_FAILED: {
      const auto& attributes = event.workflow_task_failed_event_attributes();
      if (attributes.cause() == WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW) {
        random_ = workflow::Random(
            seed_of(attributes.new_run_id()));  // the reset run must not repeat what went wrong
      }
      break;
    }
    default:
      break;  // of no concern to the code
  }
}

const OutgoingCommand* WorkflowRun::Core::next_command_in_order() {
  std::deque<OutgoingCommand>& commands = outbox_->commands;
  auto next = commands.begin();
  while (next != commands.end() && (!next->machine->in_order() || next->machine->dropped(next->type))) {
    next = next->machine->in_order() ? commands.erase(next) : std::next(next);
  }
  return next == commands.end() ? nullptr : &*next;
}

NondeterminismError WorkflowRun::Core::nothing_produced(const HistoryEvent& event) const {
  for (const auto& [number, machine] : local_machines_) {
    if (machine->waits()) {
      return waits_instead(event, *machine);
    }
  }
  return unexpected_event(event, nullptr, "");
}

void WorkflowRun::Core::apply_command_event(const HistoryEvent& event) {
  if (is_local_activity_marker(event)) {
    record_local_activity(event);
    return;
  }
  const OutgoingCommand* produced = next_command_in_order();
  if (skip_deprecated_patch(event, produced)) {
    return;
  }
  if (produced == nullptr) {
    throw nothing_produced(event);
  }
  if (produced->type != command_of(event)) {
    throw unexpected_event(event, produced, "");
  }
  const OutgoingCommand next = *produced;
  if (const std::string difference = next.machine->difference(next.type, event); !difference.empty()) {
    throw unexpected_event(event, &next, difference);
  }
  std::erase_if(outbox_->commands, [&](const OutgoingCommand& outgoing) {
    return outgoing.machine == next.machine && outgoing.type == next.type;
  });
  next.machine->recorded(next.type, event);
  last_match_ = {event.event_id(), event.event_type(), next.where};
  if (begins_machine(next.type)) {
    machines_.emplace(event.event_id(), next.machine);
  }
}

// The events of a task's commands follow its completion without a gap.
void WorkflowRun::Core::check_commands_recorded(const HistoryEvent& next) {
  if (const OutgoingCommand* produced = next_command(); produced != nullptr) {
    throw missing_event(*produced, next);
  }
}

void WorkflowRun::Core::apply_to_machine(std::int64_t initiating_event_id, const HistoryEvent& event) {
  const auto found = machines_.find(initiating_event_id);
  if (found == machines_.end()) {
    throw NondeterminismError(
        fmt::format("[TMPRL1100] Nondeterminism error: history has {}, which refers to event {}; no command "
                    "was recorded there",
                    describe_event(event), initiating_event_id));
  }
  const std::shared_ptr<Machine> machine = found->second;
  if (machine->is_last(event)) {
    machines_.erase(found);
  }
  machine->handle(event);
}

void WorkflowRun::Core::apply_started(const HistoryEvent& event) {
  started_event_ = event;
  const auto& attributes = event.workflow_execution_started_event_attributes();
  if (info_.task_queue.empty()) {
    info_.task_queue = attributes.task_queue().name();
  }
  info_.workflow_type = attributes.workflow_type().name();
  info_.attempt = std::max(1, attributes.attempt());
  info_.first_execution_run_id = attributes.first_execution_run_id();
  info_.continued_run_id = attributes.continued_execution_run_id();
  info_.start_time = to_time_point(api::from_proto(event.event_time()));
  info_.execution_timeout =
      optional_duration(attributes.has_workflow_execution_timeout(), attributes.workflow_execution_timeout());
  info_.run_timeout =
      optional_duration(attributes.has_workflow_run_timeout(), attributes.workflow_run_timeout());
  info_.task_timeout = api::from_proto(attributes.workflow_task_timeout());
  if (attributes.has_retry_policy()) {
    info_.retry_policy = api::retry_policy_from_proto(attributes.retry_policy());
  }
  info_.cron_schedule = attributes.cron_schedule();
  if (attributes.has_parent_workflow_execution()) {
    info_.parent = {attributes.parent_workflow_namespace(),
                    attributes.parent_workflow_execution().workflow_id(),
                    attributes.parent_workflow_execution().run_id()};
  }
  for (const auto& [key, payload] : attributes.memo().fields()) {  // into a map: the order does not matter
    info_.memo.insert_or_assign(key, api::payload_from_proto(payload));
  }
  for (const auto& [name, payload] : attributes.search_attributes().indexed_fields()) {  // the same
    info_.search_attributes.set(name, api::payload_from_proto(payload));
  }
  now_ = info_.start_time;
  const std::string& original = attributes.original_execution_run_id();
  random_ = workflow::Random(seed_of(original.empty() ? info_.run_id : original));
}

}  // namespace perdure::workflow_core
