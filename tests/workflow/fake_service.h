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
  void complete_task(const std::vector<Command>& commands);

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
  void record(const Command& command);
  PendingActivity take(const std::string& activity_id);

  HistoryEvents events_;
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

// The only result of a completed run, as text.
std::string result_text(const Completion& completion);

}  // namespace perdure::testing
