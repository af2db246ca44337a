#pragma once
// The machine of one local activity, from its start to its marker. What is attempted again after a durable
// timer is another machine.
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "perdure/detail/workflow_context.h"
#include "workflow/local_activity.h"
#include "workflow/machine.h"
#include "workflow/markers.h"

namespace perdure::workflow_core {

class LocalActivityMachine final : public Machine, public std::enable_shared_from_this<LocalActivityMachine> {
 public:
  enum class State : std::uint8_t {
    kCreated,        // started by the code, in the step that runs
    kRunning,        // the worker runs it, or history has its marker
    kCancelling,     // the worker was told to stop it; what it says is waited for
    kMarkerCreated,  // it ended; the marker waits for the end of the workflow task
    kClosed,         // the marker is in history
  };
  enum class Input : std::uint8_t { kHandedOver, kCancelRequest, kCancelAtOnce, kOutcome, kRecorded };

  // What whoever awaits it hears: `machine` has ended.
  using Ended = std::function<void(const LocalActivityMachine& machine)>;

  // `now`: the workflow's time. `task.options.activity_id` and `task.activity_id` are the same.
  LocalActivityMachine(LocalActivityTask task, std::source_location where,
                       std::chrono::system_clock::time_point now, std::shared_ptr<Outbox> outbox,
                       Ended ended);

  const LocalActivityTask& task() const { return task_; }
  std::source_location where() const { return where_; }

  // The step that started it is over; from now on it runs.
  void handed_over();
  // True: the worker has to run it, and was not told yet.
  bool wants_worker() const { return waits() && !worker_knows_; }
  void told_worker() { worker_knows_ = true; }
  // True: the code waits for the outcome.
  bool waits() const { return state_ == State::kRunning || state_ == State::kCancelling; }
  bool created() const { return state_ == State::kCreated; }

  // `activation`: how many steps of this workflow task came before its end, see LocalActivityMarker.
  void cancel(std::uint32_t activation);
  // True once: the worker has to stop it.
  bool take_stop_request();
  // `complete_time`: what the workflow's time is then.
  void resolve(LocalActivityOutcome outcome,
               std::optional<std::chrono::system_clock::time_point> complete_time, std::uint32_t activation);

  // False: it was cancelled, and nobody waited for what the worker says.
  bool was_awaited() const { return complete_time_.has_value(); }
  std::chrono::system_clock::time_point started_at() const { return started_at_; }
  const LocalActivityOutcome& outcome() const { return outcome_; }

  // Where several run at once, histories of other SDKs may have their markers in another order.
  bool in_order() const override { return false; }
  bool dropped(CommandType) const override { return false; }
  Command make_command(CommandType type) const override;
  std::string difference(CommandType type, const HistoryEvent& event) const override;
  // The same, of a marker whose machine has not ended yet.
  std::string difference(const LocalActivityMarker& marker) const;
  void recorded(CommandType type, const HistoryEvent& event) override;
  void handle(const HistoryEvent&) override {}
  std::string describe(CommandType type) const override;

 private:
  void step(Input input);
  void end(LocalActivityOutcome outcome, std::uint32_t activation);

  LocalActivityTask task_;
  std::source_location where_;
  std::chrono::system_clock::time_point started_at_;  // the workflow's time
  std::shared_ptr<Outbox> outbox_;
  Ended ended_;
  State state_ = State::kCreated;
  bool worker_knows_ = false;
  bool stop_requested_ = false;
  std::uint32_t activation_ = 0;
  LocalActivityOutcome outcome_;
  std::optional<std::chrono::system_clock::time_point> complete_time_;
};

}  // namespace perdure::workflow_core
