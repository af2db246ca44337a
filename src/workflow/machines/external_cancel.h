#pragma once
// The machine of one request to cancel another workflow, and the operation that waits for its delivery.
#include <cstdint>
#include <memory>
#include <string>

#include "perdure/detail/workflow_context.h"
#include "workflow/machine.h"

namespace perdure::workflow_core {

class ExternalCancelMachine final : public Machine, public detail::Operation {
 public:
  enum class State : std::uint8_t {
    kCommandCreated,  // the command waits for the end of the workflow task
    kInitiated,       // RequestCancelExternalWorkflowExecutionInitiated is in history
    kClosed,          // the other workflow was told, or could not be
  };
  enum class Input : std::uint8_t { kRecorded, kClose };

  // `child_only`: the target is a child of this run.
  ExternalCancelMachine(detail::CancelExternalRequest request, bool child_only)
      : request_(std::move(request)), child_only_(child_only) {}

  void cancel() override {}  // as in Temporal's SDKs: it is sent

  bool dropped(CommandType) const override { return false; }
  Command make_command(CommandType type) const override;
  std::string difference(CommandType type, const HistoryEvent& event) const override;
  void recorded(CommandType type, const HistoryEvent& event) override;
  void handle(const HistoryEvent& event) override;
  std::string describe(CommandType type) const override;

 private:
  void step(Input input);

  const detail::CancelExternalRequest request_;
  const bool child_only_;
  State state_ = State::kCommandCreated;
};

}  // namespace perdure::workflow_core
