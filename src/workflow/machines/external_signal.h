#pragma once
// The machine of one signal to another workflow, and the operation that waits for its delivery.
#include <cstdint>
#include <memory>
#include <string>

#include "perdure/detail/workflow_context.h"
#include "workflow/machine.h"

namespace perdure::workflow_core {

class ExternalSignalMachine final : public Machine, public detail::Operation {
 public:
  enum class State : std::uint8_t {
    kCommandCreated,  // the command waits for the end of the workflow task
    kInitiated,       // SignalExternalWorkflowExecutionInitiated is in history
    kDropped,         // cancelled before its command was sent
    kClosed,          // it arrived, or cannot
  };
  enum class Input : std::uint8_t { kRecorded, kCancelRequest, kClose };

  ExternalSignalMachine(detail::SignalExternalRequest request, std::shared_ptr<Outbox> outbox)
      : request_(std::move(request)), outbox_(std::move(outbox)) {}

  void cancel() override;

  bool dropped(CommandType) const override { return state_ == State::kDropped; }
  Command make_command(CommandType type) const override;
  std::string difference(CommandType type, const HistoryEvent& event) const override;
  void recorded(CommandType type, const HistoryEvent& event) override;
  void handle(const HistoryEvent& event) override;
  std::string describe(CommandType type) const override;

 private:
  void step(Input input);

  detail::SignalExternalRequest request_;
  std::shared_ptr<Outbox> outbox_;
  State state_ = State::kCommandCreated;
};

}  // namespace perdure::workflow_core
