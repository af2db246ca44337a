#include "workflow/machines/local_activity.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "api/convert.h"
#include "api/payload_conversion.h"
#include "workflow/machines/transitions.h"

namespace perdure::workflow_core {
namespace {

using temporal::api::failure::v1::Failure;
using State = LocalActivityMachine::State;
using Input = LocalActivityMachine::Input;
using namespace temporal::api::enums::v1;  // NOLINT: the wire's enumerators have their type in their name

constexpr std::array kTransitions = std::to_array<Transition<LocalActivityMachine>>({
    {State::kCreated, Input::kHandedOver, State::kRunning},
    // Cancelled by the code that started it: it never runs, and has a marker all the same.
    {State::kCreated, Input::kCancelAtOnce, State::kMarkerCreated},
    {State::kRunning, Input::kOutcome, State::kMarkerCreated},
    {State::kRunning, Input::kCancelAtOnce, State::kMarkerCreated},
    {State::kRunning, Input::kCancelRequest, State::kCancelling},
    {State::kCancelling, Input::kCancelRequest, State::kCancelling},
    {State::kCancelling, Input::kOutcome, State::kMarkerCreated},
    {State::kMarkerCreated, Input::kRecorded, State::kClosed},
});

// As Temporal's Rust core: the attempt is the one that was asked for, 0 for the first, as none was made.
LocalActivityOutcome cancelled_outcome(const LocalActivityTask& task,
                                       std::chrono::system_clock::time_point started_at) {
  Failure failure;
  failure.set_message("Activity cancelled");
  failure.mutable_canceled_failure_info();
  return {.failure = std::move(failure),
          .attempt = task.first_attempt > 1 ? task.first_attempt : 0,
          .scheduled_time = task.scheduled_time.value_or(started_at)};
}

}  // namespace

LocalActivityMachine::LocalActivityMachine(LocalActivityTask task, std::source_location where,
                                           std::chrono::system_clock::time_point now,
                                           std::shared_ptr<Outbox> outbox, Ended ended)
    : task_(std::move(task)),
      where_(where),
      started_at_(now),
      outbox_(std::move(outbox)),
      ended_(std::move(ended)) {}

void LocalActivityMachine::step(Input input) {
  state_ = next_state(kTransitions, state_, input, *this, COMMAND_TYPE_RECORD_MARKER);
}

void LocalActivityMachine::handed_over() { step(Input::kHandedOver); }

void LocalActivityMachine::cancel(std::uint32_t activation) {
  if (!created() && !waits()) {
    return;
  }
  const ActivityCancellationType type = task_.options.cancellation_type;
  if (type == ActivityCancellationType::kWaitCancellationCompleted && !created()) {
    stop_requested_ = state_ == State::kRunning || stop_requested_;
    step(Input::kCancelRequest);
    return;
  }
  stop_requested_ = type != ActivityCancellationType::kAbandon;
  step(Input::kCancelAtOnce);
  end(cancelled_outcome(task_, started_at_), activation);
}

bool LocalActivityMachine::take_stop_request() {
  return worker_knows_ && std::exchange(stop_requested_, false);
}

void LocalActivityMachine::resolve(LocalActivityOutcome outcome,
                                   std::optional<std::chrono::system_clock::time_point> complete_time,
                                   std::uint32_t activation) {
  step(Input::kOutcome);
  complete_time_ = complete_time;
  end(std::move(outcome), activation);
}

void LocalActivityMachine::end(LocalActivityOutcome outcome, std::uint32_t activation) {
  outcome_ = std::move(outcome);
  activation_ = activation;
  outbox_->commands.push_back({COMMAND_TYPE_RECORD_MARKER, shared_from_this(), where_});
  std::exchange(ended_, nullptr)(*this);
  task_.arguments = {};  // not needed any more
}

Command LocalActivityMachine::make_command(CommandType) const {
  Command command = make_local_activity_marker({.number = task_.number,
                                                .activity_id = task_.activity_id,
                                                .activity_type = task_.activity_type,
                                                .complete_time = complete_time_,
                                                .activation = activation_,
                                                .outcome = outcome_});
  if (!task_.options.summary.empty()) {
    api::set_payload(command.mutable_user_metadata()->mutable_summary(), to_payload(task_.options.summary));
  }
  return command;
}

std::string LocalActivityMachine::difference(const LocalActivityMarker& marker) const {
  if (marker.activity_type != task_.activity_type) {
    return fmt::format("local activity type \"{}\" instead of \"{}\"", task_.activity_type,
                       marker.activity_type);
  }
  if (marker.activity_id != task_.activity_id) {
    return fmt::format("local activity id \"{}\" instead of \"{}\"", task_.activity_id, marker.activity_id);
  }
  return "";
}

std::string LocalActivityMachine::difference(CommandType, const HistoryEvent& event) const {
  const auto marker = local_activity_marker(event);
  if (!marker) {
    return "the marker of a local activity";
  }
  if (std::string different = difference(*marker); !different.empty()) {
    return different;
  }
  if (marker->outcome.result.has_value() != outcome_.result.has_value()) {
    return outcome_.result ? "it succeeded instead of failing" : "it failed instead of succeeding";
  }
  return "";
}

void LocalActivityMachine::recorded(CommandType, const HistoryEvent&) { step(Input::kRecorded); }

std::string LocalActivityMachine::describe(CommandType) const {
  return fmt::format("local activity id \"{}\", type \"{}\"", task_.activity_id, task_.activity_type);
}

}  // namespace perdure::workflow_core
