#pragma once
// The inside of a WorkflowRun: the context that user code calls into, and the steps of an activation.
#include <chrono>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "perdure/detail/handlers.h"
#include "perdure/detail/workflow_context.h"
#include "perdure/detail/workflow_definition.h"
#include "workflow/interception.h"
#include "workflow/local_activity.h"
#include "workflow/machine.h"
#include "workflow/machines/local_activity.h"
#include "workflow/markers.h"
#include "workflow/nondeterminism.h"
#include "workflow/run.h"
#include "workflow/scheduler.h"

namespace perdure::workflow_core {

class WorkflowRun::Core final : public detail::WorkflowContext {
 public:
  Core(detail::WorkflowDefinition definition, RunIdentity identity, Interceptors interceptors);
  ~Core();

  Completion activate(const HistoryEvents& events, ActivationOptions options);
  Completion resolve_local_activity(std::uint32_t number, LocalActivityOutcome outcome);
  QueryAnswer query(const QueryRequest& request);
  void undo_last_task(std::int64_t started_event_id);
  std::int64_t last_event_id() const { return last_event_id_; }
  std::int64_t last_started_event_id() const { return last_run_task_; }
  bool is_closed() const { return stopped_; }
  std::int64_t bytes() const;

  // detail::WorkflowContext: what user code calls.
  std::shared_ptr<detail::Operation> start_activity(detail::ActivityRequest request) override;
  std::shared_ptr<detail::Operation> start_local_activity(detail::LocalActivityRequest request) override;
  std::shared_ptr<detail::Operation> start_timer(std::chrono::nanoseconds duration, std::string summary,
                                                 std::source_location where) override;
  std::shared_ptr<detail::ChildOperation> start_child_workflow(detail::ChildWorkflowRequest request) override;
  std::shared_ptr<detail::Operation> signal_external(detail::SignalExternalRequest request) override;
  std::shared_ptr<detail::Operation> cancel_external(detail::CancelExternalRequest request) override;
  void continue_as_new(workflow::ContinueAsNew request) override;
  detail::Fiber* start_fiber(Task<void> task) override;
  void cancel_fiber(detail::Fiber* fiber) override;
  void add_condition(detail::Condition* condition) override { scheduler_.add_condition(condition); }
  void set_signal_handler(const std::string& name, std::optional<detail::SignalHandler> handler) override;
  void set_query_handler(const std::string& name, std::optional<detail::QueryHandler> handler) override;
  void set_update_handler(const std::string& name, std::optional<detail::UpdateHandler> handler) override;
  bool all_handlers_finished() const override { return handlers_at_work_.empty(); }
  void set_current_details(std::string details) override;
  void remove_condition(detail::Condition* condition) noexcept override {
    scheduler_.remove_condition(condition);
  }
  void make_ready(detail::Fiber* fiber, std::coroutine_handle<> handle) override;
  detail::Fiber* running_fiber() override { return scheduler_.running(); }
  bool patched(const std::string& id, bool deprecated, std::source_location where) override;
  Payload side_effect(const std::function<Payload()>& function, std::source_location where) override;
  void upsert_search_attributes(const SearchAttributes& attributes, std::source_location where) override;
  void upsert_memo(const std::map<std::string, Payload>& memo, std::source_location where) override;
  const workflow::Info& info() const override { return info_; }
  std::chrono::system_clock::time_point now() const override { return now_; }
  bool is_replaying() const override { return replaying_ && outbox_->looking == nullptr; }
  bool cancellation_requested() const override { return cancellation_requested_; }
  workflow::Random& random() override {
    outbox_->check_writable("draw random numbers, which a replay would not draw");
    return random_;
  }

 private:
  class MainFiber;
  class SideFiber;
  class LocalActivity;
  class Looking;

  // A signal or an update, on its way to its handler. Of two with the same place, history's order counts.
  struct UpdateRequest;
  struct Arrival {
    std::int64_t after_event = 0;  // whose effects its handler sees
    const HistoryEvent* signal = nullptr;
    std::shared_ptr<const UpdateRequest> update{};
    bool admitted = false;  // an update that history has the request of
  };
  struct WaitingSignal {
    Payloads arguments;
    Headers headers;
    std::int64_t event_id = 0;
  };
  struct HandlerAtWork {
    bool is_update = false;
    std::string name;
    std::string update_id{};
    bool abandon = false;
  };
  using AtWork = std::list<HandlerAtWork>::iterator;

  // What activate() and resolve_local_activity() have in common: `work`, and the ways in which it fails.
  template <class Work>
  Completion run_step(Work work);

  // Reading history (core_history.cc).
  Completion consume(const HistoryEvents& events, ActivationOptions options);
  void apply(const HistoryEvent& event);
  void apply_command_event(const HistoryEvent& event);
  void apply_to_machine(std::int64_t initiating_event_id, const HistoryEvent& event);
  void apply_started(const HistoryEvent& event);
  void check_commands_recorded(const HistoryEvent& next);
  // The first command that is not in history yet, null: none. Forgets those that were cancelled before they
  // were sent.
  const OutgoingCommand* next_command();
  NondeterminismError nothing_produced(const HistoryEvent& event) const;
  Completion collect_commands();
  void rethrow_task_failure();

  // The same, among those whose events have to come in their order.
  const OutgoingCommand* next_command_in_order();

  // Local activities (core_local_activities.cc).
  void start_local_activity_machine(LocalActivityTask task, LocalActivity& owner);
  void replay_local_activities();
  bool is_heard_with(const LocalActivityMarker& marker, const LocalActivityMarker& next) const;
  void end_local_activity(LocalActivityMachine& machine, LocalActivityOutcome outcome,
                          std::optional<std::chrono::system_clock::time_point> complete_time);
  // The code came to rest. `counted`: it had been told something.
  void finish_step(bool counted);
  void record_local_activity(const HistoryEvent& event);
  void ask_worker(Completion* completion);

  // Markers (core_markers.cc).
  void look_ahead(const HistoryEvents& events, int started_index);
  void list_patches(std::source_location where);
  bool skip_deprecated_patch(const HistoryEvent& event, const OutgoingCommand* produced);

  // Running one workflow task (core.cc).
  void run_task(const HistoryEvent& started, bool replaying);
  void run_job(const HistoryEvent& event);
  void start_main();
  void request_cancellation();

  // Signals and updates (core_handlers.cc).
  void gather_updates(const HistoryEvents& events, int started_index, const ProtocolMessages* messages);
  void admit_update(const HistoryEvent& event);
  void start_arrivals();
  std::optional<detail::SignalHandler> find_signal_handler(const std::string& name) const;
  std::optional<detail::QueryHandler> find_query_handler(const std::string& name) const;
  std::optional<detail::UpdateHandler> find_update_handler(const std::string& name) const;
  void deliver_signal(const std::string& name, WaitingSignal signal);
  Task<void> run_update(std::shared_ptr<const UpdateRequest> request);
  Task<Payload> begin_update(const UpdateRequest& request, AtWork* at_work);
  void accept_update(const UpdateRequest& request);
  void refuse_update(const UpdateRequest& request, const std::exception_ptr& why);
  void complete_update(const UpdateRequest& request, const Payload& result,
                       const std::exception_ptr& failure);
  void warn_of_unfinished_handlers();
  std::string known_handlers(bool updates) const;

  // Queries (core_queries.cc).
  Payload answer_query(const HandleQueryInput& input) const;
  std::string stack_trace() const;
  Payload enhanced_stack_trace() const;
  Payload metadata() const;
  std::vector<std::pair<std::string, const detail::Fiber*>> fibers() const;

  // Interceptors, and what their last links do (core_interceptors.cc).
  void make_interception();
  std::shared_ptr<detail::Operation> schedule_activity(detail::ActivityRequest request);
  std::shared_ptr<detail::Operation> schedule_local_activity(detail::LocalActivityRequest request);
  std::shared_ptr<detail::Operation> schedule_timer(StartTimerInput input);
  void close_with_continue_as_new(const workflow::ContinueAsNew& request);
  Task<void> run_signal(const HandleSignalInput& input);
  std::shared_ptr<detail::ChildOperation> schedule_child_workflow(detail::ChildWorkflowRequest request);
  std::shared_ptr<detail::Operation> schedule_signal_external(detail::SignalExternalRequest request);
  std::shared_ptr<detail::Operation> schedule_cancel_external(detail::CancelExternalRequest request);

  // Ends of fibers (core.cc).
  void finish_main(Task<detail::RunResult>& task);
  void finish_side(SideFiber* fiber, Task<void>& task);
  void end_with_exception(const std::exception_ptr& exception);
  void close_run(Command command);

  std::int64_t frame_bytes_ = 0;  // first: outlives all frames
  detail::WorkflowDefinition definition_;
  RunIdentity identity_;
  workflow::Info info_;
  std::optional<HistoryEvent> started_event_;
  std::chrono::system_clock::time_point now_{};
  workflow::Random random_{0};
  bool replaying_ = false;
  bool cancellation_requested_ = false;

  Scheduler scheduler_;
  std::shared_ptr<Outbox> outbox_ = std::make_shared<Outbox>();
  std::int64_t next_activity_ = 1;
  std::int64_t next_timer_ = 1;
  std::int64_t next_side_effect_ = 1;
  std::map<std::string, bool> patches_;  // the answers that patched() gave
  // Of the workflow task that is run again.
  std::map<std::string, bool> recorded_patches_;  // true: the upsert of the list follows the marker
  std::map<std::int64_t, Payload> recorded_side_effects_;
  bool skip_change_version_upsert_ = false;  // of a deprecated patch that is no longer in the code
  // Until their markers are recorded, by number.
  std::map<std::uint32_t, std::shared_ptr<LocalActivityMachine>> local_machines_;
  std::vector<std::shared_ptr<LocalActivity>> local_activities_;  // until they are done
  std::vector<LocalActivityMarker> recorded_local_activities_;    // of the workflow task that is run again
  std::uint32_t steps_ = 0;                                       // that the code took in this workflow task
  bool cancelled_at_once_ = false;                                // a local activity, in this step
  // By the event that recorded the machine's first command.
  std::unordered_map<std::int64_t, std::shared_ptr<Machine>> machines_;  // perdure-allow: looked up only

  const Interceptors interceptors_;
  std::unique_ptr<Interception> interception_;  // null: there are none
  std::unique_ptr<detail::WorkflowInstance> instance_;
  std::unique_ptr<MainFiber> main_;
  std::list<std::unique_ptr<SideFiber>> side_fibers_;  // handlers and created tasks

  // Set by the code; nothing: it took that of the class away.
  std::map<std::string, std::optional<detail::SignalHandler>> set_signal_handlers_;
  std::map<std::string, std::optional<detail::QueryHandler>> set_query_handlers_;
  std::map<std::string, std::optional<detail::UpdateHandler>> set_update_handlers_;
  std::map<std::string, std::vector<WaitingSignal>> waiting_signals_;  // for a handler, by name
  std::list<HandlerAtWork> handlers_at_work_;
  std::vector<ProtocolMessage> refusals_;  // of updates, in the current task
  std::string current_details_;

  LastMatch last_match_;
  std::int64_t last_event_id_ = 0;
  std::int64_t last_run_task_ = 0;  // the WorkflowTaskStarted whose task the code ran last
  std::int64_t before_task_ = 0;    // the event before the last WorkflowTaskScheduled
  std::vector<Arrival> arrivals_;   // of the current task; they point into the caller's events
  std::vector<const HistoryEvent*> jobs_;
  std::vector<std::string> warnings_;
  std::exception_ptr task_failure_;  // an exception that fails the workflow task, not the workflow
  bool stopped_ = false;             // no more code is run: closed or failed
  bool closed_ = false;              // the command that ends the run was made
  bool poisoned_ = false;            // failed once; only a new WorkflowRun can go on
};

}  // namespace perdure::workflow_core
