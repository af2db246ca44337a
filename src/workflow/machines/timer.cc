#include "workflow/machines/timer.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "api/convert.h"
#include "api/payload_conversion.h"
#include "perdure/error.h"
#include "workflow/machines/transitions.h"

namespace perdure::workflow_core {
namespace {

using State = TimerMachine::State;
using Input = TimerMachine::Input;
using namespace temporal::api::enums::v1;  // NOLINT: the wire's enumerators have their type in their name

constexpr std::array kTransitions = std::to_array<Transition<TimerMachine>>({
    {State::kCommandCreated, Input::kRecorded, State::kStarted},
    {State::kCommandCreated, Input::kCancelRequest, State::kDropped},
    {State::kStarted, Input::kCancelRequest, State::kCancelCommandCreated},
    {State::kStarted, Input::kFiring, State::kFiring},
    {State::kFiring, Input::kFire, State::kClosed},
    // Cancelled by what the code saw first, a signal: there is nothing to send, and the firing goes unseen.
    {State::kFiring, Input::kCancelRequest, State::kClosed},
    {State::kClosed, Input::kFire, State::kClosed},
    // The service drops a firing that the cancellation overtook, so none follows here.
    {State::kCancelCommandCreated, Input::kRecorded, State::kClosed},
});

}  // namespace

TimerMachine::TimerMachine(std::string timer_id, std::chrono::nanoseconds duration, std::string summary,
                           std::source_location where, std::shared_ptr<Outbox> outbox)
    : timer_id_(std::move(timer_id)),
      duration_(duration),
      summary_(std::move(summary)),
      where_(where),
      outbox_(std::move(outbox)) {}

void TimerMachine::step(Input input) {
  state_ = next_state(kTransitions, state_, input, *this, COMMAND_TYPE_START_TIMER);
}

void TimerMachine::cancel() {
  outbox_->check_writable("cancel a timer");
  if (outbox_->closed || done()) {
    return;
  }
  step(Input::kCancelRequest);
  if (state_ == State::kCancelCommandCreated) {
    outbox_->commands.push_back({COMMAND_TYPE_CANCEL_TIMER, shared_from_this(), where_});
  }
  resolve({}, std::make_exception_ptr(CancelledError()));
}

bool TimerMachine::dropped(CommandType) const { return state_ == State::kDropped; }

Command TimerMachine::make_command(CommandType type) const {
  Command command;
  command.set_command_type(type);
  if (type == COMMAND_TYPE_CANCEL_TIMER) {
    command.mutable_cancel_timer_command_attributes()->set_timer_id(timer_id_);
    return command;
  }
  auto* attributes = command.mutable_start_timer_command_attributes();
  attributes->set_timer_id(timer_id_);
  api::set_duration(attributes->mutable_start_to_fire_timeout(), duration_);
  if (!summary_.empty()) {
    api::set_payload(command.mutable_user_metadata()->mutable_summary(), to_payload(summary_));
  }
  return command;
}

std::string TimerMachine::difference(CommandType type, const HistoryEvent& event) const {
  const std::string& recorded = type == COMMAND_TYPE_CANCEL_TIMER
                                    ? event.timer_canceled_event_attributes().timer_id()
                                    : event.timer_started_event_attributes().timer_id();
  return recorded == timer_id_ ? "" : fmt::format("timer id \"{}\" instead of \"{}\"", timer_id_, recorded);
}

void TimerMachine::recorded(CommandType, const HistoryEvent&) { step(Input::kRecorded); }

void TimerMachine::handle(const HistoryEvent&) {
  step(Input::kFire);
  resolve(null_payload(), nullptr);
}

std::string TimerMachine::describe(CommandType) const { return fmt::format("timer id \"{}\"", timer_id_); }

}  // namespace perdure::workflow_core
