#pragma once
// The machine of one timer, and the operation that its handles await.
#include <chrono>
#include <cstdint>
#include <memory>
#include <source_location>
#include <string>

#include "perdure/detail/workflow_context.h"
#include "workflow/machine.h"

namespace perdure::workflow_core {

class TimerMachine final : public Machine,
                           public detail::Operation,
                           public std::enable_shared_from_this<TimerMachine> {
 public:
  enum class State : std::uint8_t {
    kCommandCreated,        // the command waits for the end of the workflow task
    kStarted,               // TimerStarted is in history
    kFiring,                // so is TimerFired, and the code is about to see it
    kCancelCommandCreated,  // CancelTimer waits for the end of the workflow task
    kDropped,               // cancelled before its command was sent
    kClosed,                // fired or cancelled
  };
  enum class Input : std::uint8_t { kRecorded, kCancelRequest, kFiring, kFire };

  TimerMachine(std::string timer_id, std::chrono::nanoseconds duration, std::string summary,
               std::source_location where, std::shared_ptr<Outbox> outbox);

  void cancel() override;

  bool dropped(CommandType type) const override;
  Command make_command(CommandType type) const override;
  std::string difference(CommandType type, const HistoryEvent& event) const override;
  void recorded(CommandType type, const HistoryEvent& event) override;
  void handle(const HistoryEvent& event) override;
  void ending() override { step(Input::kFiring); }
  std::string describe(CommandType type) const override;

 private:
  void step(Input input);

  std::string timer_id_;
  std::chrono::nanoseconds duration_;
  std::string summary_;
  std::source_location where_;
  std::shared_ptr<Outbox> outbox_;
  State state_ = State::kCommandCreated;
};

}  // namespace perdure::workflow_core
