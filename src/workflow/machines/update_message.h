#pragma once
// The machine of one message of an update that history records: that it was accepted, or its outcome.
//
//   kCommandCreated ── recorded ──▶ kClosed      (nothing follows)
#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

#include "workflow/machine.h"

namespace perdure::workflow_core {

class UpdateMessageMachine final : public Machine {
 public:
  // `records`: the type of the event, WorkflowExecutionUpdateAccepted or ~Completed.
  UpdateMessageMachine(ProtocolMessage message, std::string update_id, std::string update_name,
                       temporal::api::enums::v1::EventType records)
      : message_(std::move(message)),
        update_id_(std::move(update_id)),
        update_name_(std::move(update_name)),
        records_(records) {}

  bool dropped(CommandType) const override { return false; }
  Command make_command(CommandType type) const override {
    Command command;
    command.set_command_type(type);
    command.mutable_protocol_message_command_attributes()->set_message_id(message_.id());
    return command;
  }
  std::optional<ProtocolMessage> message() const override { return message_; }
  std::string difference(CommandType, const HistoryEvent& event) const override {
    if (event.event_type() != records_) {
      return is_acceptance() ? "an update was accepted instead of completed"
                             : "an update was completed instead of accepted";
    }
    const std::string& recorded =
        is_acceptance() ? event.workflow_execution_update_accepted_event_attributes().protocol_instance_id()
                        : event.workflow_execution_update_completed_event_attributes().meta().update_id();
    return recorded == update_id_ ? ""
                                  : fmt::format("update id \"{}\" instead of \"{}\"", update_id_, recorded);
  }
  void recorded(CommandType, const HistoryEvent&) override {}
  void handle(const HistoryEvent&) override {}
  std::string describe(CommandType) const override {
    return fmt::format("{} of update \"{}\", id \"{}\"", is_acceptance() ? "acceptance" : "outcome",
                       update_name_, update_id_);
  }

 private:
  bool is_acceptance() const {
    return records_ == temporal::api::enums::v1::EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED;
  }

  const ProtocolMessage message_;
  const std::string update_id_;
  const std::string update_name_;
  const temporal::api::enums::v1::EventType records_;
};

}  // namespace perdure::workflow_core
