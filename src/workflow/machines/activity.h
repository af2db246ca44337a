#pragma once
// The machine of one activity, and the operation that its handles await.
#include <cstdint>
#include <memory>
#include <string>

#include "perdure/detail/workflow_context.h"
#include "workflow/machine.h"

namespace perdure::workflow_core {

class ActivityMachine final : public Machine,
                              public detail::Operation,
                              public std::enable_shared_from_this<ActivityMachine> {
 public:
  enum class State : std::uint8_t {
    kCommandCreated,        // the command waits for the end of the workflow task
    kScheduled,             // ActivityTaskScheduled is in history
    kCancelCommandCreated,  // the request to cancel waits for the end of the workflow task
    kCancelRecorded,        // ActivityTaskCancelRequested is in history
    kAbandoned,             // cancelled without asking; the activity goes on
    kEnding,                // its last event is in history, and the code is about to see it
    kDropped,               // cancelled before its command was sent
    kClosed,                // completed, failed, timed out or cancelled
  };
  enum class Input : std::uint8_t { kRecorded, kCancelRequest, kAbandonRequest, kEnding, kClose };

  // `request.options.activity_id` and `.task_queue` are set. `eager`: offer to start it with the task's
  // completion.
  ActivityMachine(detail::ActivityRequest request, bool eager, std::shared_ptr<Outbox> outbox);

  void cancel() override;

  bool dropped(CommandType type) const override;
  Command make_command(CommandType type) const override;
  std::string difference(CommandType type, const HistoryEvent& event) const override;
  void recorded(CommandType type, const HistoryEvent& event) override;
  void handle(const HistoryEvent& event) override;
  void ending() override { step(Input::kEnding); }
  std::string describe(CommandType type) const override;

 private:
  void step(Input input);
  void close(const HistoryEvent& event);
  void resolve_cancelled(const temporal::api::history::v1::ActivityTaskCanceledEventAttributes& attributes);

  detail::ActivityRequest request_;
  bool eager_;
  std::shared_ptr<Outbox> outbox_;
  State state_ = State::kCommandCreated;
  std::int64_t scheduled_event_id_ = 0;
};

}  // namespace perdure::workflow_core
