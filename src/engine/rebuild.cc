#include "engine/rebuild.h"

#include <algorithm>
#include <map>
#include <utility>

#include "api/convert.h"
#include "base/check.h"
#include "engine/commands.h"
#include "engine/durations.h"
#include "engine/machines/activity.h"
#include "engine/machines/child.h"
#include "engine/machines/external.h"
#include "engine/machines/reset_points.h"
#include "engine/machines/timer.h"
#include "engine/new_run.h"

namespace perdure::engine {

namespace {

class Rebuild {
 public:
  explicit Rebuild(Step& step) : step_(step), run_(step.run) {}

  OpenEnds run(const std::vector<history::HistoryEvent>& events, const std::string& start_request_id) {
    check(!events.empty() && events.front().has_workflow_execution_started_event_attributes(),
          "a history begins with its started event");
    start(events.front(), start_request_id);
    for (const history::HistoryEvent& event : events) {
      run_.info().set_last_event_time(api::from_proto(event.event_time()).nanos);
      run_.info().set_next_event_id(event.event_id() + 1);
      workflow_task(event) || activity(event) || timer(event) || other_run(event) || child(event) ||
          update(event) || whole_run(event);
    }
    for (const auto& [scheduled, started] : started_activities_) {
      ends_.activities.push_back(started);
    }
    return std::move(ends_);
  }

 private:
  void start(const history::HistoryEvent& event, const std::string& start_request_id) {
    NewRun first;
    first.key = run_.key();
    first.run_id = run_.run_id();
    first.request_id = start_request_id;
    first.attributes = event.workflow_execution_started_event_attributes();
    first.links = event.links();
    if (event.has_user_metadata()) {
      first.user_metadata = event.user_metadata();
    }
    restart_clocks(&first.attributes);
    remember_start(first, step_.now(), &run_.info());
    run_.info().set_execution_time(step_.now().nanos);  // a backoff is over
    run_.info().set_original_start_time(api::from_proto(event.event_time()).nanos);
    run_.info().set_had_workflow_task(true);
    add_deadlines(run_);
  }

  // Timeouts count from now on.
  void restart_clocks(history::WorkflowExecutionStartedEventAttributes* started) const {
    started->clear_first_workflow_task_backoff();
    if (const std::int64_t timeout = nanos(started->workflow_execution_timeout()); timeout > 0) {
      set_time(started->mutable_workflow_execution_expiration_time(), step_.now().nanos + timeout);
    }
  }

  bool workflow_task(const history::HistoryEvent& event) {
    switch (event.event_type()) {
      case enums::EVENT_TYPE_WORKFLOW_TASK_SCHEDULED:
        ends_.workflow_task_scheduled = event.event_id();
        ends_.workflow_task_started = 0;
        return true;
      case enums::EVENT_TYPE_WORKFLOW_TASK_STARTED:
        ends_.workflow_task_started = event.event_id();
        return true;
      case enums::EVENT_TYPE_WORKFLOW_TASK_COMPLETED: {
        const auto& completed = event.workflow_task_completed_event_attributes();
        run_.info().set_last_completed_started_event_id(completed.started_event_id());
        run_.info().set_worker_deployment_name(completed.worker_deployment_name());
        if (completed.has_worker_version()) {
          *run_.info().mutable_worker_version_stamp() = completed.worker_version();
        }
        add_reset_point(step_, completed, event.event_id());
        ends_.workflow_task_scheduled = 0;
        return true;
      }
      case enums::EVENT_TYPE_WORKFLOW_TASK_FAILED:
      case enums::EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT:
        ends_.workflow_task_scheduled = 0;
        return true;
      default:
        return false;
    }
  }

  void end_activity(std::int64_t scheduled) {
    started_activities_.erase(scheduled);
    run_.remove({ItemKind::kActivity, scheduled});
  }

  bool activity(const history::HistoryEvent& event) {
    switch (event.event_type()) {
      case enums::EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: {
        add_activity(step_, event.event_id(), event.activity_task_scheduled_event_attributes());
        state::ActivityState& pending = run_.change_activity(event.event_id());
        pending.set_scheduled_time(step_.now().nanos);
        pending.set_first_scheduled_time(step_.now().nanos);
        return true;
      }
      case enums::EVENT_TYPE_ACTIVITY_TASK_STARTED: {
        const auto& started = event.activity_task_started_event_attributes();
        started_activities_[started.scheduled_event_id()] = {started.scheduled_event_id(), event.event_id(),
                                                             started.identity()};
        return true;
      }
      case enums::EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED: {
        const std::int64_t scheduled =
            event.activity_task_cancel_requested_event_attributes().scheduled_event_id();
        if (run_.activity(scheduled) != nullptr) {
          run_.change_activity(scheduled).set_cancel_requested_event_id(event.event_id());
        }
        return true;
      }
      case enums::EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
        end_activity(event.activity_task_completed_event_attributes().scheduled_event_id());
        return true;
      case enums::EVENT_TYPE_ACTIVITY_TASK_FAILED:
        end_activity(event.activity_task_failed_event_attributes().scheduled_event_id());
        return true;
      case enums::EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:
        end_activity(event.activity_task_timed_out_event_attributes().scheduled_event_id());
        return true;
      case enums::EVENT_TYPE_ACTIVITY_TASK_CANCELED:
        end_activity(event.activity_task_canceled_event_attributes().scheduled_event_id());
        return true;
      default:
        return false;
    }
  }

  bool timer(const history::HistoryEvent& event) {
    switch (event.event_type()) {
      case enums::EVENT_TYPE_TIMER_STARTED:
        add_timer(step_, event.event_id(), event.timer_started_event_attributes());
        return true;
      case enums::EVENT_TYPE_TIMER_FIRED:
        run_.remove({ItemKind::kTimer, event.timer_fired_event_attributes().started_event_id()});
        return true;
      case enums::EVENT_TYPE_TIMER_CANCELED:
        run_.remove({ItemKind::kTimer, event.timer_canceled_event_attributes().started_event_id()});
        return true;
      default:
        return false;
    }
  }

  // What is not known to have been delivered is sent again.
  bool other_run(const history::HistoryEvent& event) {
    const std::int64_t id = event.event_id();
    switch (event.event_type()) {
      case enums::EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED:
        add_external_signal(step_, id, event.signal_external_workflow_execution_initiated_event_attributes());
        return true;
      case enums::EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_SIGNALED:
        run_.remove({ItemKind::kExternalSignal,
                     event.external_workflow_execution_signaled_event_attributes().initiated_event_id()});
        return true;
      case enums::EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED:
        run_.remove(
            {ItemKind::kExternalSignal,
             event.signal_external_workflow_execution_failed_event_attributes().initiated_event_id()});
        return true;
      case enums::EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED:
        add_external_cancel(step_, id,
                            event.request_cancel_external_workflow_execution_initiated_event_attributes());
        return true;
      case enums::EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED:
        run_.remove(
            {ItemKind::kExternalCancel,
             event.external_workflow_execution_cancel_requested_event_attributes().initiated_event_id()});
        return true;
      case enums::EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED:
        run_.remove({ItemKind::kExternalCancel,
                     event.request_cancel_external_workflow_execution_failed_event_attributes()
                         .initiated_event_id()});
        return true;
      default:
        return false;
    }
  }

  void end_child(std::int64_t initiated) { run_.remove({ItemKind::kChild, initiated}); }

  bool child(const history::HistoryEvent& event) {
    switch (event.event_type()) {
      case enums::EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED:
        add_child(step_, event.event_id(), event.start_child_workflow_execution_initiated_event_attributes(),
                  event.has_user_metadata() ? &event.user_metadata() : nullptr);
        return true;
      case enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED: {
        const auto& started = event.child_workflow_execution_started_event_attributes();
        note_child_started(run_, started.initiated_event_id(), started.workflow_execution().run_id());
        std::get<state::ChildState>(run_.change({ItemKind::kChild, started.initiated_event_id()}))
            .set_started_event_id(event.event_id());
        return true;
      }
      case enums::EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_FAILED:
        end_child(event.start_child_workflow_execution_failed_event_attributes().initiated_event_id());
        return true;
      case enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED:
        end_child(event.child_workflow_execution_completed_event_attributes().initiated_event_id());
        return true;
      case enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED:
        end_child(event.child_workflow_execution_failed_event_attributes().initiated_event_id());
        return true;
      case enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED:
        end_child(event.child_workflow_execution_canceled_event_attributes().initiated_event_id());
        return true;
      case enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TERMINATED:
        end_child(event.child_workflow_execution_terminated_event_attributes().initiated_event_id());
        return true;
      case enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TIMED_OUT:
        end_child(event.child_workflow_execution_timed_out_event_attributes().initiated_event_id());
        return true;
      default:
        return false;
    }
  }

  // What was accepted is still to be completed; outcomes that there are already can still be asked for.
  bool update(const history::HistoryEvent& event) {
    switch (event.event_type()) {
      case enums::EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED: {
        state::UpdateState accepted;
        accepted.set_update_id(
            event.workflow_execution_update_accepted_event_attributes().protocol_instance_id());
        run_.add({ItemKind::kUpdate, event.event_id()}, std::move(accepted));
        return true;
      }
      case enums::EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED: {
        const ItemKey item{ItemKind::kUpdate,
                           event.workflow_execution_update_completed_event_attributes().accepted_event_id()};
        if (run_.find(item) != nullptr) {
          std::get<state::UpdateState>(run_.change(item)).set_completed_event_id(event.event_id());
        }
        return true;
      }
      default:
        return false;
    }
  }

  bool whole_run(const history::HistoryEvent& event) {
    state::ExecutionState& info = run_.info();
    switch (event.event_type()) {
      case enums::EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
        info.set_signal_count(info.signal_count() + 1);
        return true;
      case enums::EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED:
        info.set_cancel_requested(true);
        return true;
      case enums::EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
        merge_payloads(
            event.upsert_workflow_search_attributes_event_attributes().search_attributes().indexed_fields(),
            info.mutable_search_attributes()->mutable_indexed_fields());
        return true;
      case enums::EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED:
        merge_payloads(event.workflow_properties_modified_event_attributes().upserted_memo().fields(),
                       info.mutable_memo()->mutable_fields());
        return true;
      default:
        return false;
    }
  }

  Step& step_;
  Execution& run_;
  OpenEnds ends_;
  std::map<std::int64_t, OpenEnds::StartedActivity> started_activities_;  // by scheduled event id
};

}  // namespace

OpenEnds rebuild_run(Step& step, const std::vector<history::HistoryEvent>& events,
                     const std::string& start_request_id) {
  return Rebuild(step).run(events, start_request_id);
}

}  // namespace perdure::engine
