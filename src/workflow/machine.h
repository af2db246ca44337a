#pragma once
// What a workflow's command becomes over time. A machine makes the command, recognises the event that records
// it, and follows the events that refer to that one. Its file in machines/ begins with its table of
// transitions.
#include <deque>
#include <memory>
#include <optional>
#include <source_location>
#include <string>

#include "perdure/error.h"
#include "temporal/api/command/v1/message.pb.h"
#include "temporal/api/history/v1/message.pb.h"
#include "temporal/api/protocol/v1/message.pb.h"

namespace perdure::workflow_core {

using temporal::api::command::v1::Command;
using temporal::api::enums::v1::CommandType;
using temporal::api::history::v1::HistoryEvent;
using ProtocolMessage = temporal::api::protocol::v1::Message;

class Machine {
 public:
  virtual ~Machine() = default;

  // False: the event of its command may stand anywhere among those of the workflow task.
  virtual bool in_order() const { return true; }
  // True: the command of that type must not be sent nor expected in history, as it was cancelled first.
  virtual bool dropped(CommandType type) const = 0;
  virtual Command make_command(CommandType type) const = 0;
  // What goes with the command, beside it.
  virtual std::optional<ProtocolMessage> message() const { return std::nullopt; }
  // Empty when `event` records the command; otherwise what differs, as "activity type \"a\" instead of
  // \"b\"". The event's type fits already.
  virtual std::string difference(CommandType type, const HistoryEvent& event) const = 0;
  virtual void recorded(CommandType type, const HistoryEvent& event) = 0;
  // A later event that refers to the event which recorded the machine's first command.
  virtual void handle(const HistoryEvent& event) = 0;
  // No event after `event` refers to the machine.
  virtual bool is_last(const HistoryEvent& event) const {
    static_cast<void>(event);
    return true;
  }
  // History has the event that ends this, and the code is about to see it: a cancellation comes too late.
  virtual void ending() {}
  // For reports, without its type: "activity id \"1\", type \"charge\"".
  virtual std::string describe(CommandType type) const = 0;
};

struct OutgoingCommand {
  CommandType type{};
  std::shared_ptr<Machine> machine;
  std::source_location where;  // the line of user code
};

// The commands of the current workflow task, in the order of the code, until history shows them recorded.
// Machines share it, as handles in user code may outlive the run.
struct Outbox {
  bool closed = false;            // the run ended or left its worker: nothing is sent any more
  const char* looking = nullptr;  // code runs that must only look; what it is
  // Throws ReadOnlyContextError. `action`: "start an activity".
  void check_writable(const char* action) const {
    if (looking != nullptr) {
      throw ReadOnlyContextError(std::string("a ") + looking +
                                 " must only look at the workflow, but tried to " + action);
    }
  }
  std::deque<OutgoingCommand> commands;
};

}  // namespace perdure::workflow_core
