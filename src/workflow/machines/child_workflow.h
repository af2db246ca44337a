#pragma once
// The machine of one child workflow, and the operations that its handles await: its start, and its end.
#include <cstdint>
#include <memory>
#include <string>

#include "perdure/detail/workflow_context.h"
#include "workflow/machine.h"

namespace perdure::workflow_core {

class ChildWorkflowMachine final : public Machine,
                                   public detail::ChildOperation,
                                   public detail::OperationListener,
                                   public std::enable_shared_from_this<ChildWorkflowMachine> {
 public:
  enum class State : std::uint8_t {
    kCommandCreated,   // the command waits for the end of the workflow task
    kInitiated,        // StartChildWorkflowExecutionInitiated is in history
    kStarted,          // ChildWorkflowExecutionStarted is
    kInitiatedCancel,  // asked to cancel before it was known to have started
    kStartedCancel,    // asked to cancel, or given up
    kEnding,           // its last event is in history, and the code is about to see it
    kDropped,          // cancelled before its command was sent
    kClosed,           // it has ended, or could not be started
  };
  enum class Input : std::uint8_t { kRecorded, kStarted, kCancelRequest, kEnding, kClose };

  // `request.options.id` and `.task_queue` are set.
  ChildWorkflowMachine(detail::ChildWorkflowRequest request, std::string namespace_name,
                       std::shared_ptr<Outbox> outbox);
  ~ChildWorkflowMachine() override;

  void cancel() override;
  std::shared_ptr<detail::Operation> started() override;
  const std::string& workflow_id() const override { return request_.options.id; }
  const std::string& run_id() const override { return run_id_; }

  bool dropped(CommandType) const override { return state_ == State::kDropped; }
  Command make_command(CommandType type) const override;
  std::string difference(CommandType type, const HistoryEvent& event) const override;
  void recorded(CommandType type, const HistoryEvent& event) override;
  void handle(const HistoryEvent& event) override;
  bool is_last(const HistoryEvent& event) const override;
  void ending() override { step(Input::kEnding); }
  std::string describe(CommandType type) const override;

  // Of the request to cancel.
  void operation_done(const detail::Operation& operation) override;

 private:
  class Start;

  void step(Input input);
  void ask_to_cancel();
  void start_failed(const HistoryEvent& event);
  void close(const HistoryEvent& event);
  // Ends both operations, as far as they are open.
  void fail(const temporal::api::failure::v1::Failure& failure);
  void fail(const std::exception_ptr& failure);
  temporal::api::failure::v1::Failure failure_of(const char* message,
                                                 temporal::api::enums::v1::RetryState retry_state) const;
  void resolve_cancelled(const char* message);

  detail::ChildWorkflowRequest request_;
  const std::string namespace_;
  std::shared_ptr<Outbox> outbox_;
  const std::shared_ptr<Start> start_;
  std::shared_ptr<detail::Operation> cancel_request_;  // null: none is under way
  State state_ = State::kCommandCreated;
  std::int64_t initiated_event_id_ = 0;
  std::int64_t started_event_id_ = 0;
  std::string run_id_;
};

}  // namespace perdure::workflow_core
