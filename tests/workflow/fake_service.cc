#include "tests/workflow/fake_service.h"

#include <algorithm>
#include <stdexcept>

#include "api/convert.h"
#include "api/failure_conversion.h"
#include "api/payload_conversion.h"
#include "temporal/api/update/v1/message.pb.h"

namespace perdure::testing {

using namespace temporal::api::enums::v1;  // NOLINT: the wire's enumerators have their type in their name

FakeService::FakeService(const std::string& workflow_type, const Payloads& arguments) {
  auto* attributes =
      add(EVENT_TYPE_WORKFLOW_EXECUTION_STARTED).mutable_workflow_execution_started_event_attributes();
  attributes->mutable_workflow_type()->set_name(workflow_type);
  attributes->mutable_task_queue()->set_name("queue");
  attributes->set_original_execution_run_id("run-1");
  attributes->set_first_execution_run_id("run-0");
  attributes->set_attempt(1);
  api::set_payloads(attributes->mutable_input(), arguments);
}

HistoryEvent& FakeService::add(EventType type) {
  HistoryEvent& event = *events_.Add();
  event.set_event_id(events_.size());
  event.set_event_type(type);
  event.mutable_event_time()->set_seconds(seconds_);
  return event;
}

void FakeService::signal(const std::string& name, const Payloads& arguments) {
  auto* attributes =
      add(EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED).mutable_workflow_execution_signaled_event_attributes();
  attributes->set_signal_name(name);
  api::set_payloads(attributes->mutable_input(), arguments);
}

void FakeService::request_cancel() {
  add(EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED)
      .mutable_workflow_execution_cancel_requested_event_attributes()
      ->set_cause("test");
}

void FakeService::update(const std::string& id, const std::string& name, const Payloads& arguments) {
  temporal::api::update::v1::Request request;
  request.mutable_meta()->set_update_id(id);
  request.mutable_input()->set_name(name);
  api::set_payloads(request.mutable_input()->mutable_args(), arguments);
  ProtocolMessage& message = *messages_.Add();
  message.set_id(id + "/request");
  message.set_protocol_instance_id(id);
  message.set_event_id(events_.size());
  message.mutable_body()->PackFrom(request);
}

template <class Attributes>
void FakeService::set_child(Attributes* attributes, const std::string& workflow_id) {
  attributes->set_initiated_event_id(children_.at(workflow_id));
  attributes->mutable_workflow_execution()->set_workflow_id(workflow_id);
  attributes->mutable_workflow_execution()->set_run_id("run of " + workflow_id);
}

void FakeService::start_child(const std::string& workflow_id) {
  set_child(add(EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED)
                .mutable_child_workflow_execution_started_event_attributes(),
            workflow_id);
  child_starts_[workflow_id] = events_.size();
}

void FakeService::fail_to_start_child(const std::string& workflow_id,
                                      StartChildWorkflowExecutionFailedCause cause) {
  auto* attributes = add(EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_FAILED)
                         .mutable_start_child_workflow_execution_failed_event_attributes();
  attributes->set_initiated_event_id(children_.at(workflow_id));
  attributes->set_workflow_id(workflow_id);
  attributes->set_cause(cause);
}

void FakeService::complete_child(const std::string& workflow_id, const Payload& result) {
  auto* attributes = add(EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED)
                         .mutable_child_workflow_execution_completed_event_attributes();
  set_child(attributes, workflow_id);
  api::set_payload(attributes->mutable_result()->add_payloads(), result);
}

void FakeService::fail_child(const std::string& workflow_id, const std::string& message) {
  auto* attributes = add(EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED)
                         .mutable_child_workflow_execution_failed_event_attributes();
  set_child(attributes, workflow_id);
  attributes->mutable_failure()->set_message(message);
  attributes->mutable_failure()->mutable_application_failure_info();
}

void FakeService::end_child(const std::string& workflow_id, EventType type) {
  HistoryEvent& event = add(type);
  if (type == EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED) {
    set_child(event.mutable_child_workflow_execution_canceled_event_attributes(), workflow_id);
  } else if (type == EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TIMED_OUT) {
    set_child(event.mutable_child_workflow_execution_timed_out_event_attributes(), workflow_id);
  } else {
    set_child(event.mutable_child_workflow_execution_terminated_event_attributes(), workflow_id);
  }
}

void FakeService::deliver_signal(bool arrives) {
  const std::int64_t initiated = signals_under_way_.at(0);
  signals_under_way_.erase(signals_under_way_.begin());
  if (arrives) {
    add(EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_SIGNALED)
        .mutable_external_workflow_execution_signaled_event_attributes()
        ->set_initiated_event_id(initiated);
    return;
  }
  auto* attributes = add(EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED)
                         .mutable_signal_external_workflow_execution_failed_event_attributes();
  attributes->set_initiated_event_id(initiated);
  attributes->set_cause(
      SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND);
}

void FakeService::deliver_cancel(bool arrives) {
  const std::int64_t initiated = cancels_under_way_.at(0);
  cancels_under_way_.erase(cancels_under_way_.begin());
  if (arrives) {
    add(EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED)
        .mutable_external_workflow_execution_cancel_requested_event_attributes()
        ->set_initiated_event_id(initiated);
    return;
  }
  auto* attributes = add(EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED)
                         .mutable_request_cancel_external_workflow_execution_failed_event_attributes();
  attributes->set_initiated_event_id(initiated);
  attributes->set_cause(
      CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_EXTERNAL_WORKFLOW_EXECUTION_NOT_FOUND);
}

PendingActivity FakeService::take(const std::string& activity_id) {
  const auto found = activities_.find(activity_id);
  if (found == activities_.end()) {
    throw std::logic_error("no pending activity " + activity_id);
  }
  PendingActivity activity = found->second;
  activities_.erase(found);
  auto* started = add(EVENT_TYPE_ACTIVITY_TASK_STARTED).mutable_activity_task_started_event_attributes();
  started->set_scheduled_event_id(activity.scheduled_event_id);
  return activity;
}

void FakeService::complete_activity(const std::string& activity_id, const Payload& result) {
  const PendingActivity activity = take(activity_id);
  auto* attributes =
      add(EVENT_TYPE_ACTIVITY_TASK_COMPLETED).mutable_activity_task_completed_event_attributes();
  attributes->set_scheduled_event_id(activity.scheduled_event_id);
  api::set_payload(attributes->mutable_result()->add_payloads(), result);
}

void FakeService::fail_activity(const std::string& activity_id, const std::string& message,
                                const std::string& type) {
  const PendingActivity activity = take(activity_id);
  auto* attributes = add(EVENT_TYPE_ACTIVITY_TASK_FAILED).mutable_activity_task_failed_event_attributes();
  attributes->set_scheduled_event_id(activity.scheduled_event_id);
  attributes->mutable_failure()->set_message(message);
  attributes->mutable_failure()->mutable_application_failure_info()->set_type(type);
  attributes->set_retry_state(RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED);
}

void FakeService::time_out_activity(const std::string& activity_id) {
  const PendingActivity activity = take(activity_id);
  auto* attributes =
      add(EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT).mutable_activity_task_timed_out_event_attributes();
  attributes->set_scheduled_event_id(activity.scheduled_event_id);
  *attributes->mutable_failure() =
      api::timeout_failure("activity StartToClose timeout", TIMEOUT_TYPE_START_TO_CLOSE);
  attributes->set_retry_state(RETRY_STATE_TIMEOUT);
}

void FakeService::confirm_cancel(const std::string& activity_id) {
  const PendingActivity activity = take(activity_id);
  auto* attributes = add(EVENT_TYPE_ACTIVITY_TASK_CANCELED).mutable_activity_task_canceled_event_attributes();
  attributes->set_scheduled_event_id(activity.scheduled_event_id);
  api::set_payload(attributes->mutable_details()->add_payloads(), to_payload(std::string("cleaned up")));
}

void FakeService::fire_timer(const std::string& timer_id) {
  std::erase(timers_, timer_id);
  auto* attributes = add(EVENT_TYPE_TIMER_FIRED).mutable_timer_fired_event_attributes();
  attributes->set_timer_id(timer_id);
  attributes->set_started_event_id(timer_events_.at(timer_id));
}

void FakeService::fire_next_timer() { fire_timer(std::string(timers_.at(0))); }

bool FakeService::next_timer_is_within(std::chrono::seconds limit) const {
  return !timers_.empty() && timer_due_.at(timers_[0]) <= (seconds_ + limit.count()) * 1'000'000'000;
}

void FakeService::start_task() {
  seconds_ += 10;
  add(EVENT_TYPE_WORKFLOW_TASK_SCHEDULED);
  HistoryEvent& started = add(EVENT_TYPE_WORKFLOW_TASK_STARTED);
  started.mutable_workflow_task_started_event_attributes()->set_history_size_bytes(100 * started.event_id());
  started_event_id_ = started.event_id();
}

void FakeService::fail_task() {
  add(EVENT_TYPE_WORKFLOW_TASK_FAILED)
      .mutable_workflow_task_failed_event_attributes()
      ->set_started_event_id(started_event_id_);
}

void FakeService::complete_task(const std::vector<Command>& commands,
                                const std::vector<ProtocolMessage>& messages) {
  previous_started_event_id_ = started_event_id_;
  messages_.Clear();
  add(EVENT_TYPE_WORKFLOW_TASK_COMPLETED).mutable_workflow_task_completed_event_attributes();
  for (const Command& command : commands) {
    record(command, messages);
  }
  for (const ProtocolMessage& message : messages) {
    temporal::api::update::v1::Rejection rejection;
    if (message.body().UnpackTo(&rejection)) {
      updates_.push_back(message.protocol_instance_id() + " refused: " + rejection.failure().message());
    }
  }
}

void FakeService::drop_task() {
  messages_.Clear();
  events_.RemoveLast();
  events_.RemoveLast();
}

void FakeService::record_message(const Command& command, const std::vector<ProtocolMessage>& messages) {
  const std::string& id = command.protocol_message_command_attributes().message_id();
  const auto message = std::find_if(messages.begin(), messages.end(),
                                    [&](const ProtocolMessage& candidate) { return candidate.id() == id; });
  temporal::api::update::v1::Acceptance acceptance;
  temporal::api::update::v1::Response response;
  if (message == messages.end()) {
    throw std::logic_error("there is no message " + id);
  }
  if (message->body().UnpackTo(&acceptance)) {
    auto* attributes = add(EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED)
                           .mutable_workflow_execution_update_accepted_event_attributes();
    attributes->set_protocol_instance_id(message->protocol_instance_id());
    attributes->set_accepted_request_message_id(acceptance.accepted_request_message_id());
    attributes->set_accepted_request_sequencing_event_id(acceptance.accepted_request_sequencing_event_id());
    *attributes->mutable_accepted_request() = acceptance.accepted_request();
    accepted_[message->protocol_instance_id()] = events_.size();
    updates_.push_back(message->protocol_instance_id() + " accepted");
  } else if (message->body().UnpackTo(&response)) {
    auto* attributes = add(EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED)
                           .mutable_workflow_execution_update_completed_event_attributes();
    *attributes->mutable_meta() = response.meta();
    *attributes->mutable_outcome() = response.outcome();
    attributes->set_accepted_event_id(accepted_.at(message->protocol_instance_id()));
    updates_.push_back(message->protocol_instance_id() +
                       (response.outcome().has_failure()
                            ? " failed: " + response.outcome().failure().message()
                            : " completed: " + response.outcome().success().payloads(0).data()));
  }
}

void FakeService::record(const Command& command, const std::vector<ProtocolMessage>& messages) {
  switch (command.command_type()) {
    case COMMAND_TYPE_PROTOCOL_MESSAGE:
      record_message(command, messages);
      break;
    case COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION: {
      const auto& from = command.start_child_workflow_execution_command_attributes();
      auto* to = add(EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED)
                     .mutable_start_child_workflow_execution_initiated_event_attributes();
      to->set_workflow_id(from.workflow_id());
      *to->mutable_workflow_type() = from.workflow_type();
      children_[from.workflow_id()] = events_.size();
      break;
    }
    case COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION: {
      const auto& from = command.signal_external_workflow_execution_command_attributes();
      auto* to = add(EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED)
                     .mutable_signal_external_workflow_execution_initiated_event_attributes();
      *to->mutable_workflow_execution() = from.execution();
      to->set_signal_name(from.signal_name());
      signals_under_way_.push_back(events_.size());
      break;
    }
    case COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION: {
      const auto& from = command.request_cancel_external_workflow_execution_command_attributes();
      add(EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED)
          .mutable_request_cancel_external_workflow_execution_initiated_event_attributes()
          ->mutable_workflow_execution()
          ->set_workflow_id(from.workflow_id());
      cancels_under_way_.push_back(events_.size());
      break;
    }
    case COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK: {
      const auto& from = command.schedule_activity_task_command_attributes();
      auto* to = add(EVENT_TYPE_ACTIVITY_TASK_SCHEDULED).mutable_activity_task_scheduled_event_attributes();
      to->set_activity_id(from.activity_id());
      *to->mutable_activity_type() = from.activity_type();
      *to->mutable_input() = from.input();
      activities_[from.activity_id()] = {from.activity_id(), from.activity_type().name(),
                                         api::payloads_from_proto(from.input()), events_.size(), false};
      break;
    }
    case COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK: {
      const auto id = command.request_cancel_activity_task_command_attributes().scheduled_event_id();
      add(EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED)
          .mutable_activity_task_cancel_requested_event_attributes()
          ->set_scheduled_event_id(id);
      for (auto& [name, activity] : activities_) {
        activity.cancel_requested = activity.cancel_requested || activity.scheduled_event_id == id;
      }
      break;
    }
    case COMMAND_TYPE_START_TIMER: {
      const auto& asked = command.start_timer_command_attributes();
      const std::string& id = asked.timer_id();
      add(EVENT_TYPE_TIMER_STARTED).mutable_timer_started_event_attributes()->set_timer_id(id);
      timer_events_[id] = events_.size();
      timer_due_[id] = seconds_ * 1'000'000'000 + api::from_proto(asked.start_to_fire_timeout()).count();
      timers_.insert(std::upper_bound(timers_.begin(), timers_.end(), id,
                                      [&](const std::string& a, const std::string& b) {
                                        return timer_due_.at(a) < timer_due_.at(b);
                                      }),
                     id);
      break;
    }
    case COMMAND_TYPE_CANCEL_TIMER: {
      const std::string& id = command.cancel_timer_command_attributes().timer_id();
      add(EVENT_TYPE_TIMER_CANCELED).mutable_timer_canceled_event_attributes()->set_timer_id(id);
      std::erase(timers_, id);
      break;
    }
    case COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION:
      add(EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED).mutable_workflow_execution_completed_event_attributes();
      closed_ = true;
      break;
    case COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION:
      add(EVENT_TYPE_WORKFLOW_EXECUTION_FAILED).mutable_workflow_execution_failed_event_attributes();
      closed_ = true;
      break;
    case COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION:
      add(EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED).mutable_workflow_execution_canceled_event_attributes();
      closed_ = true;
      break;
    case COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION:
      add(EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW)
          .mutable_workflow_execution_continued_as_new_event_attributes();
      closed_ = true;
      break;
    case COMMAND_TYPE_RECORD_MARKER: {
      const auto& from = command.record_marker_command_attributes();
      auto* to = add(EVENT_TYPE_MARKER_RECORDED).mutable_marker_recorded_event_attributes();
      to->set_marker_name(from.marker_name());
      *to->mutable_details() = from.details();
      if (from.has_failure()) {
        *to->mutable_failure() = from.failure();
      }
      break;
    }
    case COMMAND_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
      *add(EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES)
           .mutable_upsert_workflow_search_attributes_event_attributes()
           ->mutable_search_attributes() =
          command.upsert_workflow_search_attributes_command_attributes().search_attributes();
      break;
    case COMMAND_TYPE_MODIFY_WORKFLOW_PROPERTIES:
      *add(EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED)
           .mutable_workflow_properties_modified_event_attributes()
           ->mutable_upserted_memo() =
          command.modify_workflow_properties_command_attributes().upserted_memo();
      break;
    default:
      throw std::logic_error("the fake service does not know this command: " + command.DebugString());
  }
}

HistoryEvents FakeService::slice(std::int64_t first, std::int64_t last) const {
  HistoryEvents out;
  for (const HistoryEvent& event : events_) {
    if (event.event_id() >= first && event.event_id() <= last) {
      *out.Add() = event;
    }
  }
  return out;
}

std::vector<std::string> serialised(const std::vector<Command>& commands) {
  std::vector<std::string> out;
  for (const Command& command : commands) {
    out.push_back(api::serialize(command));
  }
  return out;
}

workflow_core::RunIdentity identity() {
  return {NamespaceName("default"), WorkflowId("workflow-1"), RunId("run-1"), "queue"};
}

namespace {

// Lets one thing happen; false when nothing can.
bool advance(FakeService& service, const Activities& activities) {
  if (!service.activities().empty()) {
    const PendingActivity activity = service.activities().begin()->second;
    if (activity.cancel_requested) {
      service.confirm_cancel(activity.activity_id);
      return true;
    }
    try {
      service.complete_activity(activity.activity_id,
                                activities.at(activity.activity_type)(activity.arguments));
    } catch (const std::runtime_error& error) {
      service.fail_activity(activity.activity_id, error.what());
    }
    return true;
  }
  if (!service.timers().empty()) {
    service.fire_next_timer();
    return true;
  }
  return false;
}

}  // namespace

Driven drive(WorkflowRun& run, FakeService& service, const Activities& activities,
             const std::function<void(int, FakeService&)>& before_task) {
  Driven driven;
  for (int task = 1; task < 200; ++task) {
    const std::int64_t first_new = run.last_event_id() + 1;
    const std::int64_t before = service.last_event_id();
    if (before_task) {
      before_task(task, service);
    }
    if (task > 1 && service.last_event_id() == before && service.messages().empty() &&
        !advance(service, activities)) {
      return driven;
    }
    service.start_task();
    const std::int64_t previous = service.previous_started_event_id();
    driven.last =
        run.activate(service.slice(first_new, service.last_event_id()), {previous, &service.messages()});
    driven.warnings.insert(driven.warnings.end(), driven.last.warnings.begin(), driven.last.warnings.end());
    if (driven.last.outcome != Completion::Outcome::kCommands) {
      driven.failure = driven.last.failure.message();
      return driven;
    }
    driven.tasks.push_back({service.last_event_id(), previous, serialised(driven.last.commands)});
    service.complete_task(driven.last);
    if (service.closed()) {
      return driven;
    }
  }
  throw std::logic_error("the workflow does not end");
}

std::string replay_failure(const detail::WorkflowDefinition& definition, const FakeService& service) {
  WorkflowRun again(definition, identity());
  return again.activate(service.events(), {service.last_event_id()}).failure.message();
}

std::string query_text(WorkflowRun& run, const std::string& type, const Payloads& arguments) {
  const workflow_core::QueryAnswer answer = run.query({type, arguments, {}});
  return answer.result ? answer.result->data : "failed: " + answer.failure.message();
}

std::string result_text(const Completion& completion) {
  if (completion.commands.empty()) {
    return "no commands";
  }
  const Command& last = completion.commands[completion.commands.size() - 1];
  switch (last.command_type()) {
    case COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION: {
      const auto& payload = last.complete_workflow_execution_command_attributes().result().payloads(0);
      return payload.data().empty() ? "null" : payload.data();
    }
    case COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION:
      return "failed: " + last.fail_workflow_execution_command_attributes().failure().message();
    case COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION:
      return "cancelled";
    case COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION: {
      const auto& attributes = last.continue_as_new_workflow_execution_command_attributes();
      std::string text = "continues as " + attributes.workflow_type().name();
      for (const auto& payload : attributes.input().payloads()) {
        text += " " + payload.data();
      }
      return text;
    }
    default:
      return "open";
  }
}

}  // namespace perdure::testing
