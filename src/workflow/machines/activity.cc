#include "workflow/machines/activity.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "api/convert.h"
#include "api/failure_conversion.h"
#include "api/payload_conversion.h"
#include "workflow/machines/transitions.h"

namespace perdure::workflow_core {
namespace {

using temporal::api::failure::v1::Failure;
using State = ActivityMachine::State;
using Input = ActivityMachine::Input;
using namespace temporal::api::enums::v1;  // NOLINT: the wire's enumerators have their type in their name

constexpr std::array kTransitions = std::to_array<Transition<ActivityMachine>>({
    {State::kCommandCreated, Input::kRecorded, State::kScheduled},
    {State::kCommandCreated, Input::kCancelRequest, State::kDropped},
    {State::kCommandCreated, Input::kAbandonRequest, State::kDropped},
    {State::kScheduled, Input::kCancelRequest, State::kCancelCommandCreated},
    {State::kScheduled, Input::kAbandonRequest, State::kAbandoned},
    {State::kCancelCommandCreated, Input::kCancelRequest, State::kCancelCommandCreated},
    {State::kCancelCommandCreated, Input::kRecorded, State::kCancelRecorded},
    {State::kCancelRecorded, Input::kCancelRequest, State::kCancelRecorded},
    {State::kScheduled, Input::kEnding, State::kEnding},
    {State::kCancelRecorded, Input::kEnding, State::kEnding},
    {State::kAbandoned, Input::kEnding, State::kEnding},
    {State::kEnding, Input::kClose, State::kClosed},
});

void set_timeout(const std::optional<std::chrono::nanoseconds>& timeout, google::protobuf::Duration* out) {
  api::set_duration(out, *timeout);
}

bool given(const std::optional<std::chrono::nanoseconds>& timeout) {
  return timeout && timeout->count() != 0;
}

// As the failures that Temporal's SDKs make of these events.
Failure activity_failure(const detail::ActivityRequest& request, const char* message,
                         temporal::api::enums::v1::RetryState retry_state, std::int64_t scheduled_event_id,
                         std::int64_t started_event_id, const std::string& identity) {
  Failure failure;
  failure.set_message(message);
  auto* info = failure.mutable_activity_failure_info();
  info->set_scheduled_event_id(scheduled_event_id);
  info->set_started_event_id(started_event_id);
  info->set_identity(identity);
  info->mutable_activity_type()->set_name(request.activity_type);
  info->set_activity_id(request.options.activity_id);
  info->set_retry_state(retry_state);
  return failure;
}

}  // namespace

ActivityMachine::ActivityMachine(detail::ActivityRequest request, bool eager, std::shared_ptr<Outbox> outbox)
    : request_(std::move(request)), eager_(eager), outbox_(std::move(outbox)) {}

void ActivityMachine::step(Input input) {
  state_ = next_state(kTransitions, state_, input, *this, COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK);
}

void ActivityMachine::cancel() {
  outbox_->check_writable("cancel an activity");
  if (outbox_->closed || done() || state_ == State::kEnding) {
    return;
  }
  const ActivityCancellationType type = request_.options.cancellation_type;
  const bool was_scheduled = state_ == State::kScheduled;
  step(type == ActivityCancellationType::kAbandon ? Input::kAbandonRequest : Input::kCancelRequest);
  if (was_scheduled && state_ == State::kCancelCommandCreated) {
    outbox_->commands.push_back(
        {COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK, shared_from_this(), request_.where});
  }
  if (state_ == State::kDropped || type != ActivityCancellationType::kWaitCancellationCompleted) {
    resolve_cancelled({});
  }
}

bool ActivityMachine::dropped(CommandType) const { return state_ == State::kDropped; }

Command ActivityMachine::make_command(CommandType type) const {
  Command command;
  command.set_command_type(type);
  if (type == COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK) {
    command.mutable_request_cancel_activity_task_command_attributes()->set_scheduled_event_id(
        scheduled_event_id_);
    return command;
  }
  const ActivityOptions& options = request_.options;
  auto* attributes = command.mutable_schedule_activity_task_command_attributes();
  attributes->set_activity_id(options.activity_id);
  attributes->mutable_activity_type()->set_name(request_.activity_type);
  attributes->mutable_task_queue()->set_name(options.task_queue);
  attributes->mutable_task_queue()->set_kind(TASK_QUEUE_KIND_NORMAL);
  if (!request_.arguments.empty()) {
    api::set_payloads(attributes->mutable_input(), request_.arguments);
  }
  if (!request_.headers.empty()) {
    api::set_headers(attributes->mutable_header(), request_.headers);
  }
  if (given(options.schedule_to_close_timeout)) {
    set_timeout(options.schedule_to_close_timeout, attributes->mutable_schedule_to_close_timeout());
  }
  if (given(options.schedule_to_start_timeout)) {
    set_timeout(options.schedule_to_start_timeout, attributes->mutable_schedule_to_start_timeout());
  }
  if (given(options.start_to_close_timeout)) {
    set_timeout(options.start_to_close_timeout, attributes->mutable_start_to_close_timeout());
  }
  if (given(options.heartbeat_timeout)) {
    set_timeout(options.heartbeat_timeout, attributes->mutable_heartbeat_timeout());
  }
  if (options.retry_policy) {
    api::set_retry_policy(attributes->mutable_retry_policy(), *options.retry_policy);
  }
  attributes->set_request_eager_execution(eager_);
  if (!options.summary.empty()) {
    api::set_payload(command.mutable_user_metadata()->mutable_summary(), to_payload(options.summary));
  }
  return command;
}

std::string ActivityMachine::difference(CommandType type, const HistoryEvent& event) const {
  if (type == COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK) {
    const auto scheduled = event.activity_task_cancel_requested_event_attributes().scheduled_event_id();
    return scheduled == scheduled_event_id_ ? ""
                                            : fmt::format("the activity scheduled by event {} instead of {}",
                                                          scheduled_event_id_, scheduled);
  }
  const auto& recorded = event.activity_task_scheduled_event_attributes();
  if (recorded.activity_type().name() != request_.activity_type) {
    return fmt::format("activity type \"{}\" instead of \"{}\"", request_.activity_type,
                       recorded.activity_type().name());
  }
  if (recorded.activity_id() != request_.options.activity_id) {
    return fmt::format("activity id \"{}\" instead of \"{}\"", request_.options.activity_id,
                       recorded.activity_id());
  }
  return "";
}

void ActivityMachine::recorded(CommandType type, const HistoryEvent& event) {
  step(Input::kRecorded);
  if (type == COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK) {
    scheduled_event_id_ = event.event_id();
    request_.arguments = {};  // history has them
  }
}

void ActivityMachine::handle(const HistoryEvent& event) {
  if (event.event_type() == EVENT_TYPE_ACTIVITY_TASK_STARTED) {
    return;
  }
  step(Input::kClose);
  close(event);
}

void ActivityMachine::close(const HistoryEvent& event) {
  if (event.event_type() == EVENT_TYPE_ACTIVITY_TASK_COMPLETED) {
    const auto& attributes = event.activity_task_completed_event_attributes();
    resolve(attributes.result().payloads_size() > 0 ? api::payload_from_proto(attributes.result().payloads(0))
                                                    : null_payload(),
            nullptr);
  } else if (event.event_type() == EVENT_TYPE_ACTIVITY_TASK_FAILED) {
    const auto& attributes = event.activity_task_failed_event_attributes();
    Failure failure = activity_failure(request_, "Activity task failed", attributes.retry_state(),
                                       attributes.scheduled_event_id(), attributes.started_event_id(),
                                       attributes.identity());
    *failure.mutable_cause() = attributes.failure();
    resolve({}, api::failure_to_exception(failure));
  } else if (event.event_type() == EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT) {
    const auto& attributes = event.activity_task_timed_out_event_attributes();
    Failure failure = activity_failure(request_, "Activity task timed out", attributes.retry_state(),
                                       attributes.scheduled_event_id(), attributes.started_event_id(), "");
    *failure.mutable_cause() = attributes.failure();
    resolve({}, api::failure_to_exception(failure));
  } else {
    resolve_cancelled(event.activity_task_canceled_event_attributes());
  }
}

void ActivityMachine::resolve_cancelled(
    const temporal::api::history::v1::ActivityTaskCanceledEventAttributes& attributes) {
  Failure failure =
      activity_failure(request_, "Activity cancelled", RETRY_STATE_CANCEL_REQUESTED,
                       attributes.scheduled_event_id(), attributes.started_event_id(), attributes.identity());
  auto* cancelled = failure.mutable_cause()->mutable_canceled_failure_info();
  if (attributes.has_details()) {
    *cancelled->mutable_details() = attributes.details();
  }
  resolve({}, api::failure_to_exception(failure));
}

std::string ActivityMachine::describe(CommandType) const {
  return fmt::format("activity id \"{}\", type \"{}\"", request_.options.activity_id, request_.activity_type);
}

}  // namespace perdure::workflow_core
