#pragma once
// The machine of a command that nothing follows: a marker, an upsert of search attributes or of the memo.
//
//   kCommandCreated ── recorded ──▶ kClosed
#include <functional>
#include <string>
#include <utility>

#include "workflow/machine.h"

namespace perdure::workflow_core {

class OneShotMachine final : public Machine {
 public:
  // What differs between the command and a recorded event of its type; empty: nothing.
  using Comparison = std::function<std::string(const HistoryEvent&)>;

  OneShotMachine(Command command, std::string description, Comparison difference)
      : command_(std::move(command)),
        description_(std::move(description)),
        difference_(std::move(difference)) {}

  bool dropped(CommandType) const override { return false; }
  Command make_command(CommandType) const override { return command_; }
  std::string difference(CommandType, const HistoryEvent& event) const override { return difference_(event); }
  void recorded(CommandType, const HistoryEvent&) override {}
  void handle(const HistoryEvent&) override {}
  std::string describe(CommandType) const override { return description_; }

 private:
  Command command_;
  std::string description_;
  Comparison difference_;
};

}  // namespace perdure::workflow_core
