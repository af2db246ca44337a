#pragma once
// The machine of the command that ends a run: complete, fail, cancel or continue as new.
//
//   kCommandCreated ── recorded ──▶ kClosed      (nothing follows)
#include <string>
#include <utility>

#include "workflow/machine.h"

namespace perdure::workflow_core {

class CloseMachine final : public Machine {
 public:
  explicit CloseMachine(Command command) : command_(std::move(command)) {}

  bool dropped(CommandType) const override { return false; }
  Command make_command(CommandType) const override { return command_; }
  std::string difference(CommandType, const HistoryEvent&) const override { return ""; }
  void recorded(CommandType, const HistoryEvent&) override {}
  void handle(const HistoryEvent&) override {}
  std::string describe(CommandType) const override { return ""; }

 private:
  Command command_;
};

}  // namespace perdure::workflow_core
