#pragma once
// The rules that every prefix of one run's history obeys, checked event by event as they are stored: H1 to
// H5, the timer and timeout rules T1, T3, X1, and A1 as far as a history shows it. An independent reading of
// the events: it shares no code with the engine.
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/time.h"
#include "report.h"
#include "temporal/api/history/v1/message.pb.h"

namespace perdure::sim {

class HistoryCheck {
 public:
  using HistoryEvent = temporal::api::history::v1::HistoryEvent;

  struct Activity {
    temporal::api::history::v1::ActivityTaskScheduledEventAttributes attributes;
    Timestamp scheduled_at;
    std::int64_t started_event_id = 0;
    Timestamp started_at;
    bool cancel_requested = false;
  };
  struct Timer {
    std::string timer_id;
    Timestamp fires_at;
  };
  struct WorkflowTask {
    std::int64_t scheduled_event_id = 0;
    Timestamp scheduled_at;
    Duration start_to_close{};
    std::int64_t started_event_id = 0;
    Timestamp started_at;
  };

  // `name` identifies the run in messages; `report` outlives this. With `orphans`, a workflow task also times
  // out when the process of its worker ends. With `hostile_worker`, the id of a timer or an activity may be
  // used again before the event that ends its first use is seen: that event may be buffered.
  HistoryCheck(std::string name, bool orphans, bool hostile_worker, Report& report)
      : name_(std::move(name)), orphans_(orphans), hostile_worker_(hostile_worker), report_(&report) {}

  void add(const HistoryEvent& event);

  bool started() const { return last_id_ > 0; }
  bool closed() const { return closed_; }
  int status() const { return status_; }  // enums.WorkflowExecutionStatus
  std::int64_t last_id() const { return last_id_; }
  Timestamp start_time() const { return start_time_; }
  const temporal::api::history::v1::WorkflowExecutionStartedEventAttributes& start() const { return start_; }
  const std::string& successor() const { return successor_; }
  const std::string& closing_identity() const { return closing_identity_; }
  const std::map<std::int64_t, Activity>& activities() const {
    return activities_;
  }  // pending, by scheduled event id
  const std::map<std::int64_t, Timer>& timers() const { return timers_; }  // pending, by started event id
  const std::optional<WorkflowTask>& workflow_task() const { return workflow_task_; }

 private:
  template <class... Args>
  void expect(bool holds, const char* invariant, fmt::format_string<Args...> format, Args&&... args) {
    if (!holds) {
      report_->violate(invariant, name_ + " event " + std::to_string(last_id_) + ": " +
                                      fmt::format(format, std::forward<Args>(args)...));
    }
  }
  void add_start(const HistoryEvent& event, Timestamp time);
  bool add_workflow_task_event(const HistoryEvent& event, Timestamp time);
  bool add_activity_event(const HistoryEvent& event, Timestamp time);
  bool add_timer_event(const HistoryEvent& event, Timestamp time);
  void add_close(const HistoryEvent& event, Timestamp time);
  void workflow_task_timed_out(const HistoryEvent& event, Timestamp time);
  void activity_resolved(std::int64_t scheduled, std::int64_t started, bool must_have_started);
  void activity_timed_out(const HistoryEvent& event, Timestamp time);

  std::string name_;
  bool orphans_;
  bool hostile_worker_;
  Report* report_;
  std::int64_t last_id_ = 0;
  Timestamp last_time_;
  bool closed_ = false;
  int status_ = 1;
  Timestamp start_time_;
  temporal::api::history::v1::WorkflowExecutionStartedEventAttributes start_;
  std::string successor_;
  std::string closing_identity_;
  std::map<std::int64_t, Activity> activities_;
  std::multiset<std::string> activity_ids_;  // pending
  std::map<std::int64_t, Timer> timers_;
  std::optional<WorkflowTask> workflow_task_;
};

}  // namespace perdure::sim
