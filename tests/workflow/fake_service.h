#pragma once
// A service of one run for tests of the core: turns commands into the events that the real service writes, by
// hand where a test wants an order of its own, or to the end with drive().
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "perdure/payload.h"
#include "workflow/run.h"

namespace perdure::testing {

using temporal::api::command::v1::Command;
using temporal::api::enums::v1::EventType;
using temporal::api::history::v1::HistoryEvent;
using workflow_core::Completion;
using workflow_core::HistoryEvents;
using ProtocolMessage = temporal::api::protocol::v1::Message;
using workflow_core::WorkflowRun;

struct PendingActivity {
  std::string activity_id;
  std::string activity_type;
  Payloads arguments;
  std::int64_t scheduled_event_id = 0;
  bool cancel_requested = false;
};

class FakeService {
 public:
  // Writes WorkflowExecutionStarted.
  explicit FakeService(const std::string& workflow_type, const Payloads& arguments = {});

  void signal(const std::string& name, const Payloads& arguments = {});
  void request_cancel();
  // An update for the next workflow task, whose effects up to the last event its handler sees.
  void update(const std::string& id, const std::string& name, const Payloads& arguments = {});
  // Of the child with this id.
  void start_child(const std::string& workflow_id);
  void fail_to_start_child(const std::string& workflow_id,
                           temporal::api::enums::v1::StartChildWorkflowExecutionFailedCause cause);
  void complete_child(const std::string& workflow_id, const Payload& result);
  void fail_child(const std::string& workflow_id, const std::string& message);
  void end_child(const std::string& workflow_id, EventType type);  // cancelled, timed out, terminated
  // Of the oldest signal or request to cancel that is under way.
  void deliver_signal(bool arrives);
  void deliver_cancel(bool arrives);
  void complete_activity(const std::string& activity_id, const Payload& result);
  void fail_activity(const std::string& activity_id, const std::string& message,
                     const std::string& type = "Boom");
  void time_out_activity(const std::string& activity_id);
  void confirm_cancel(const std::string& activity_id);
  void fire_timer(const std::string& timer_id);
  // The open timer that is due first; of several, the one that was started first.
  void fire_next_timer();
  // Whether that timer is due within so long; false: there is none.
  bool next_timer_is_within(std::chrono::seconds limit) const;

  // WorkflowTaskScheduled and WorkflowTaskStarted, ten seconds after the last.
  void start_task();
  void fail_task();  // the started task failed: WorkflowTaskFailed
  // WorkflowTaskCompleted and the events of the commands.
  void complete_task(const std::vector<Command>& commands, const std::vector<ProtocolMessage>& messages = {});
  void complete_task(const Completion& completion) {
    complete_task(completion.commands, completion.messages);
  }
  // The started task is dropped without a trace, as a speculative one whose updates were refused.
  void drop_task();
  // Those that go with the task that was started last.
  const workflow_core::ProtocolMessages& messages() const { return messages_; }
  // Update ids, with what became of them: "accepted", "completed: 3", "failed: …", "refused: …".
  const std::vector<std::string>& updates() const { return updates_; }

  const HistoryEvents& events() const { return events_; }
  // Events with ids in [first, last].
  HistoryEvents slice(std::int64_t first, std::int64_t last) const;
  std::int64_t last_event_id() const { return events_.size(); }
  std::int64_t previous_started_event_id() const { return previous_started_event_id_; }
  const std::map<std::string, PendingActivity>& activities() const { return activities_; }
  const std::vector<std::string>& timers() const { return timers_; }
  bool closed() const { return closed_; }

 private:
  HistoryEvent& add(EventType type);
  void record(const Command& command, const std::vector<ProtocolMessage>& messages);
  void record_message(const Command& command, const std::vector<ProtocolMessage>& messages);
  template <class Attributes>
  void set_child(Attributes* attributes, const std::string& workflow_id);
  PendingActivity take(const std::string& activity_id);

  HistoryEvents events_;
  workflow_core::ProtocolMessages messages_;
  std::vector<std::string> updates_;
  std::map<std::string, std::int64_t> accepted_;  // updates
  std::map<std::string, std::int64_t> children_;  // by workflow id: the event that initiated it
  std::map<std::string, std::int64_t> child_starts_;
  std::vector<std::int64_t> signals_under_way_;
  std::vector<std::int64_t> cancels_under_way_;
  std::map<std::string, PendingActivity> activities_;
  std::map<std::string, std::int64_t> timer_events_;
  std::vector<std::string> timers_;                // in the order in which they are due
  std::map<std::string, std::int64_t> timer_due_;  // nanoseconds
  std::int64_t seconds_ = 1'000'000;
  std::int64_t started_event_id_ = 0;
  std::int64_t previous_started_event_id_ = 0;
  bool closed_ = false;
};

// What activities do in tests, by type. Throwing fails the activity.
using Activities = std::map<std::string, std::function<Payload(const Payloads&)>>;

// One workflow task as it was answered.
struct AnsweredTask {
  std::int64_t started_event_id = 0;
  std::int64_t previous_started_event_id = 0;
  std::vector<std::string> commands;  // serialised
};

// A run driven to its end (or until nothing can happen).
struct Driven {
  std::vector<AnsweredTask> tasks;
  Completion last;
  std::string failure;  // of a workflow task
  std::vector<std::string> warnings;
};

std::vector<std::string> serialised(const std::vector<Command>& commands);
workflow_core::RunIdentity identity();

// Answers tasks, completes activities in the order of their ids and fires timers, oldest first. `before_task`
// may add events before the task of that number (from 1).
Driven drive(WorkflowRun& run, FakeService& service, const Activities& activities,
             const std::function<void(int, FakeService&)>& before_task = {});

// Replays all events on a new run; what is wrong with it, empty: nothing.
std::string replay_failure(const detail::WorkflowDefinition& definition, const FakeService& service);
// What a query is answered with, as text: the payload, or "failed: …".
std::string query_text(WorkflowRun& run, const std::string& type, const Payloads& arguments = {});

// The only result of a completed run, as text.
std::string result_text(const Completion& completion);

}  // namespace perdure::testing
