#include "engine/machines/update.h"

#include <fmt/format.h>
#include <google/protobuf/any.pb.h>

#include <algorithm>
#include <utility>

#include "api/convert.h"
#include "base/limits.h"
#include "engine/history.h"
#include "engine/update_texts.h"
#include "temporal/api/protocol/v1/message.pb.h"

namespace perdure::engine {

namespace {

namespace update = temporal::api::update::v1;
using Failed = std::optional<TaskFailure>;
using Kind = UpdateNews::Kind;
using Message = temporal::api::protocol::v1::Message;

constexpr auto kCause = enums::WORKFLOW_TASK_FAILED_CAUSE_BAD_UPDATE_WORKFLOW_EXECUTION_MESSAGE;
constexpr std::string_view kProtocol = "temporal.api.update.v1";

std::string request_message_id(const std::string& update_id) { return update_id + "/request"; }

// "temporal.api.update.v1.Acceptance" of "type.googleapis.com/temporal.api.update.v1.Acceptance".
std::string_view type_of(const google::protobuf::Any& body) {
  const std::string_view url = body.type_url();
  return url.substr(url.rfind('/') + 1);  // all of it if there is no slash
}

std::string_view package_of(std::string_view type) { return type.substr(0, type.rfind('.')); }
// As Go writes the message's type.
std::string go_type(std::string_view type) {
  return fmt::format("*update.{}", type.substr(type.rfind('.') + 1));
}

TaskFailure bad_message(std::string what) { return {kCause, std::move(what)}; }

TaskFailure wrong_state(const std::string& update_id, std::string_view type, const char* state) {
  return bad_message(
      fmt::format("invalid state transition attempted for Update {}: received {} message while in state {}",
                  update_id, go_type(type), state));
}

void add_news(CommandTurn& turn, const std::string& update_id, Kind kind, update::Outcome outcome = {},
              Status why = {}) {
  turn.updates.push_back({turn.step.run.id(), update_id, kind, std::move(outcome), std::move(why)});
}

void reject(CommandTurn& turn, const std::string& update_id, const failure::Failure& why) {
  turn.step.run.admitted().remove(update_id);
  update::Outcome outcome;
  *outcome.mutable_failure() = why;
  add_news(turn, update_id, Kind::kRejected, std::move(outcome));
}

Failed accept(CommandTurn& turn, const std::string& update_id, const update::Acceptance& acceptance) {
  if (acceptance.accepted_request_sequencing_event_id() == 0) {
    return bad_message("invalid *update.Acceptance: accepted_request_sequencing_event_id is not set");
  }
  if (acceptance.accepted_request_message_id().empty()) {
    return bad_message("invalid *update.Acceptance: accepted_request_message_id is not set");
  }
  Execution& run = turn.step.run;
  history::HistoryEvent event =
      make_event(enums::EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED, turn.step.now());
  auto* attributes = event.mutable_workflow_execution_update_accepted_event_attributes();
  attributes->set_protocol_instance_id(update_id);
  attributes->set_accepted_request_message_id(request_message_id(update_id));
  attributes->set_accepted_request_sequencing_event_id(acceptance.accepted_request_sequencing_event_id());
  *attributes->mutable_accepted_request() = *run.admitted().find(update_id)->request;
  const std::int64_t id = append_event(run, std::move(event));
  state::UpdateState accepted;
  accepted.set_update_id(update_id);
  run.add({ItemKind::kUpdate, id}, std::move(accepted));
  run.admitted().remove(update_id);
  add_news(turn, update_id, Kind::kAccepted);
  return std::nullopt;
}

Failed complete(CommandTurn& turn, const std::string& update_id, std::int64_t accepted_event_id,
                const update::Response& response) {
  if (response.meta().update_id().empty()) {
    return bad_message(fmt::format("invalid *update.Response: {} is not set",
                                   response.has_meta() ? "meta.update_id" : "meta"));
  }
  if (response.meta().update_id() != update_id) {
    return bad_message(fmt::format("invalid *update.Response: meta.update_id != {}", update_id));
  }
  if (!response.has_outcome()) {
    return bad_message("invalid *update.Response: outcome is not set");
  }
  Execution& run = turn.step.run;
  history::HistoryEvent event =
      make_event(enums::EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED, turn.step.now());
  auto* attributes = event.mutable_workflow_execution_update_completed_event_attributes();
  *attributes->mutable_meta() = response.meta();
  attributes->set_accepted_event_id(accepted_event_id);
  *attributes->mutable_outcome() = response.outcome();
  const std::int64_t id = append_event(run, std::move(event));
  std::get<state::UpdateState>(run.change({ItemKind::kUpdate, accepted_event_id})).set_completed_event_id(id);
  add_news(turn, update_id, Kind::kCompleted, response.outcome());
  return std::nullopt;
}

// A worker may answer an update that this process has forgotten; if it says what was asked, the answer
// counts.
Failed resurrect(CommandTurn& turn, const Message& message) {
  Execution& run = turn.step.run;
  const std::string& update_id = message.protocol_instance_id();
  update::Acceptance acceptance;
  update::Rejection rejection;
  const update::Request* request = nullptr;
  if (message.body().Is<update::Acceptance>() && message.body().UnpackTo(&acceptance) &&
      acceptance.has_accepted_request()) {
    request = &acceptance.accepted_request();
  } else if (message.body().Is<update::Rejection>() && message.body().UnpackTo(&rejection) &&
             rejection.has_rejected_request()) {
    request = &rejection.rejected_request();
  }
  if (run.update_count() >= limits::kUpdates) {
    return bad_message(too_many_updates().message());
  }
  if (request == nullptr) {
    return bad_message(
        fmt::format("update {} wasn't found on the server. This is most likely a transient error "
                    "which will be resolved automatically by retries",
                    update_id));
  }
  run.admitted().add(update_id, *request);
  return std::nullopt;
}

template <class Body>
std::optional<Body> unpack(const Message& message) {
  Body body;
  return message.body().UnpackTo(&body) ? std::optional(std::move(body)) : std::nullopt;
}

Failed deliver(CommandTurn& turn, const Message& message) {
  Execution& run = turn.step.run;
  const std::string& update_id = message.protocol_instance_id();
  const std::string_view type = type_of(message.body());
  const std::int64_t accepted_event_id = run.find_update(update_id);
  const bool admitted = run.admitted().find(update_id) != nullptr;
  const bool is_rejection = message.body().Is<update::Rejection>();
  if (!run.running() && !is_rejection) {
    if (admitted) {
      run.admitted().remove(update_id);
      add_news(turn, update_id, Kind::kAborted, {}, aborted_by_closing_workflow());
    }
    return std::nullopt;
  }
  const char* state = "Sent";
  if (accepted_event_id != 0 && !admitted) {
    state = run.update(accepted_event_id)->completed_event_id() != 0 ? "Completed" : "Accepted";
  } else if (admitted && !run.admitted().find(update_id)->sent) {
    state = "Admitted";
  }
  const auto unreadable = [] {
    return bad_message("unable to unmarshal request: proto: cannot parse invalid wire-format data");
  };
  if (message.body().Is<update::Acceptance>()) {
    const auto body = unpack<update::Acceptance>(message);
    if (!body) {
      return unreadable();
    }
    return admitted ? accept(turn, update_id, *body) : wrong_state(update_id, type, state);
  }
  if (is_rejection) {
    const auto body = unpack<update::Rejection>(message);
    if (!body) {
      return unreadable();
    }
    if (!admitted) {
      return wrong_state(update_id, type, state);
    }
    reject(turn, update_id, body->failure());
    return std::nullopt;
  }
  if (message.body().Is<update::Response>()) {
    const auto body = unpack<update::Response>(message);
    if (!body) {
      return unreadable();
    }
    if (accepted_event_id == 0 || run.update(accepted_event_id)->completed_event_id() != 0) {
      return wrong_state(update_id, type, state);
    }
    return complete(turn, update_id, accepted_event_id, *body);
  }
  return bad_message(fmt::format("Message type {} not supported", go_type(type)));
}

Failed handle(CommandTurn& turn, const Message& message) {
  const std::string_view type = type_of(message.body());
  if (message.body().ByteSizeLong() > limits::kBlobError) {
    return TaskFailure{kCause, fmt::format("Message type {} exceeds size limit.", type), true};
  }
  if (package_of(type) != kProtocol) {
    return bad_message(fmt::format("unsupported protocol type {}", package_of(type)));
  }
  const Execution& run = turn.step.run;
  const std::string& update_id = message.protocol_instance_id();
  if (run.admitted().find(update_id) == nullptr && run.find_update(update_id) == 0) {
    if (Failed failure = resurrect(turn, message)) {
      return failure;
    }
  }
  return deliver(turn, message);
}

}  // namespace

void send_updates(Execution& run, bool again, std::int64_t started_event_id,
                  wire::PollWorkflowTaskQueueResponse* task) {
  for (const std::string& id : run.admitted().ids()) {
    const AdmittedUpdate& update = *run.admitted().find(id);
    if (update.sent && !again) {
      continue;
    }
    Message& message = *task->add_messages();
    message.set_id(request_message_id(id));
    message.set_protocol_instance_id(id);
    message.set_event_id(started_event_id - 1);
    message.mutable_body()->PackFrom(*update.request);
    run.admitted().mark_sent(id);
  }
}

Status check_messages(const wire::RespondWorkflowTaskCompletedRequest& request) {
  for (const Message& message : request.messages()) {
    if (!message.has_body()) {
      return invalid_argument("nil message body");
    }
    const std::string_view type = type_of(message.body());
    if (type.empty()) {
      return invalid_argument("no message name specified");
    }
    if (type.find('.') == std::string_view::npos) {
      return invalid_argument(fmt::format("malformed message type name: no . found in \"{}\"", type));
    }
  }
  return {};
}

std::optional<TaskFailure> carry_out_protocol_message(CommandTurn& turn, const command::Command& command) {
  if (!command.has_protocol_message_command_attributes()) {
    return bad_message("ProtocolMessageCommandAttributes is not set on ProtocolMessageCommand.");
  }
  const std::string& id = command.protocol_message_command_attributes().message_id();
  if (id.empty()) {
    return bad_message("MessageID is not set on ProtocolMessageCommand.");
  }
  auto found = std::find_if(turn.messages.begin(), turn.messages.end(),
                            [&](const Message* message) { return message->id() == id; });
  if (found == turn.messages.end()) {
    return bad_message(fmt::format("ProtocolMessageCommand referenced absent message ID {}", id));
  }
  const Message& message = **found;
  turn.messages.erase(found);
  return handle(turn, message);
}

std::optional<TaskFailure> carry_out_remaining_messages(CommandTurn& turn) {
  for (const Message* message : std::exchange(turn.messages, {})) {
    if (Failed failure = handle(turn, *message)) {
      return failure;
    }
  }
  return std::nullopt;
}

void reject_unprocessed_updates(CommandTurn& turn) {
  if (!turn.step.run.running()) {
    return;
  }
  const AdmittedUpdates& admitted = turn.step.run.admitted();
  for (const std::string& id : admitted.ids()) {
    if (admitted.find(id)->sent && turn.step.run.find_update(id) == 0) {
      reject(turn, id, unprocessed_update());
    }
  }
}

void abort_updates(Step& step) {
  Execution& run = step.run;
  const bool continues = !run.info().successor_run_id().empty();
  for (const std::string& id : run.admitted().ids()) {
    step.out.updates.push_back({run.id(),
                                id,
                                Kind::kAborted,
                                {},
                                continues ? workflow_is_closing() : aborted_by_closing_workflow()});
    run.admitted().remove(id);
  }
  run.for_each([&](ItemKey key, const Pending& pending) {
    const auto* accepted = std::get_if<state::UpdateState>(&pending);
    if (key.kind == ItemKind::kUpdate && accepted->completed_event_id() == 0) {
      step.out.updates.push_back({run.id(), accepted->update_id(), Kind::kCompleted, outcome_by_close(), {}});
    }
  });
}

void abort_sent_updates(Step& step) {
  Execution& run = step.run;
  for (const std::string& id : run.admitted().ids()) {
    if (run.admitted().find(id)->sent) {
      step.out.updates.push_back({run.id(), id, Kind::kAborted, {}, workflow_task_failed()});
      run.admitted().remove(id);
    }
  }
}

bool comes_to_nothing(const Execution& run, const wire::RespondWorkflowTaskCompletedRequest& request) {
  if (!run.has_speculative_task() || !request.commands().empty() ||
      request.force_create_new_workflow_task()) {
    return false;
  }
  const std::int64_t seen_before = run.info().last_completed_started_event_id() + 2;
  const std::int64_t more = request.capabilities().discard_speculative_workflow_task_with_events()
                                ? limits::kDiscardedTaskEvents
                                : 0;
  if (run.info().next_event_id() > seen_before + more) {
    return false;
  }
  return std::all_of(request.messages().begin(), request.messages().end(),
                     [](const Message& message) { return message.body().Is<update::Rejection>(); });
}

}  // namespace perdure::engine
