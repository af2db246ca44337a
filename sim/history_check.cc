#include "history_check.h"

#include "api/convert.h"
#include "temporal/api/enums/v1/common.pb.h"
#include "temporal/api/enums/v1/event_type.pb.h"
#include "temporal/api/enums/v1/workflow.pb.h"

namespace perdure::sim {

namespace enums = temporal::api::enums::v1;

void HistoryCheck::add(const HistoryEvent& event) {
  expect(event.event_id() == last_id_ + 1, "H1", "event id {} follows {}", event.event_id(), last_id_);
  const Timestamp time = api::from_proto(event.event_time());
  expect(time >= last_time_, "H1", "event {} has time {}, before {} of the event before it", event.event_id(),
         time.nanos, last_time_.nanos);
  last_id_ = event.event_id();
  last_time_ = time;
  expect(!closed_, "H3", "{} after the closing event", enums::EventType_Name(event.event_type()));
  if (event.event_type() == enums::EVENT_TYPE_WORKFLOW_EXECUTION_STARTED) {
    add_start(event, time);
    return;
  }
  expect(last_id_ > 1, "H2", "the first event is {}", enums::EventType_Name(event.event_type()));
  if (!add_workflow_task_event(event, time) && !add_activity_event(event, time) &&
      !add_timer_event(event, time)) {
    add_close(event, time);
  }
}

void HistoryCheck::add_start(const HistoryEvent& event, Timestamp time) {
  expect(last_id_ == 1, "H2", "a second WorkflowExecutionStarted");
  start_time_ = time;
  start_ = event.workflow_execution_started_event_attributes();
}

bool HistoryCheck::add_workflow_task_event(const HistoryEvent& event, Timestamp time) {
  switch (event.event_type()) {
    case enums::EVENT_TYPE_WORKFLOW_TASK_SCHEDULED: {
      const auto& attributes = event.workflow_task_scheduled_event_attributes();
      expect(!workflow_task_, "H5", "a workflow task is scheduled while another is outstanding");
      workflow_task_ = WorkflowTask{last_id_, time, api::from_proto(attributes.start_to_close_timeout())};
      return true;
    }
    case enums::EVENT_TYPE_WORKFLOW_TASK_STARTED: {
      const auto& attributes = event.workflow_task_started_event_attributes();
      expect(workflow_task_ && workflow_task_->scheduled_event_id == attributes.scheduled_event_id() &&
                 workflow_task_->started_event_id == 0,
             "H5", "started without the scheduled event {}", attributes.scheduled_event_id());
      if (workflow_task_) {
        workflow_task_->started_event_id = last_id_;
        workflow_task_->started_at = time;
      }
      return true;
    }
    case enums::EVENT_TYPE_WORKFLOW_TASK_COMPLETED: {
      const auto& attributes = event.workflow_task_completed_event_attributes();
      expect(workflow_task_ && workflow_task_->scheduled_event_id == attributes.scheduled_event_id() &&
                 workflow_task_->started_event_id == attributes.started_event_id() &&
                 attributes.started_event_id() > 0,
             "H5", "completed without its started event {}", attributes.started_event_id());
      workflow_task_.reset();
      return true;
    }
    case enums::EVENT_TYPE_WORKFLOW_TASK_FAILED: {
      const auto& attributes = event.workflow_task_failed_event_attributes();
      expect(workflow_task_ && workflow_task_->scheduled_event_id == attributes.scheduled_event_id() &&
                 workflow_task_->started_event_id == attributes.started_event_id(),
             "H5", "failed without its started event {}", attributes.started_event_id());
      workflow_task_.reset();
      return true;
    }
    case enums::EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT:
      workflow_task_timed_out(event, time);
      return true;
    default:
      return false;
  }
}

void HistoryCheck::workflow_task_timed_out(const HistoryEvent& event, Timestamp time) {
  const auto& attributes = event.workflow_task_timed_out_event_attributes();
  expect(workflow_task_ && workflow_task_->scheduled_event_id == attributes.scheduled_event_id() &&
             workflow_task_->started_event_id == attributes.started_event_id(),
         "H5", "timed out without its scheduled event {}", attributes.scheduled_event_id());
  if (workflow_task_ && attributes.timeout_type() == enums::TIMEOUT_TYPE_START_TO_CLOSE) {
    // Started events that were held back may bear a later time than they happened at (H1), so this is a lower
    // bound.
    expect(workflow_task_->started_event_id > 0 &&
               (orphans_ || time - workflow_task_->scheduled_at >= workflow_task_->start_to_close),
           "X1", "the workflow task timed out {} ns after it was scheduled, timeout {} ns",
           (time - workflow_task_->scheduled_at).count(), workflow_task_->start_to_close.count());
  }
  workflow_task_.reset();
}

bool HistoryCheck::add_activity_event(const HistoryEvent& event, Timestamp time) {
  switch (event.event_type()) {
    case enums::EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: {
      const auto& attributes = event.activity_task_scheduled_event_attributes();
      expect(hostile_worker_ || !activity_ids_.contains(attributes.activity_id()), "H4",
             "activity {} is already pending", attributes.activity_id());
      activity_ids_.insert(attributes.activity_id());
      activities_[last_id_] = Activity{attributes, time};
      return true;
    }
    case enums::EVENT_TYPE_ACTIVITY_TASK_STARTED: {
      const auto& attributes = event.activity_task_started_event_attributes();
      const auto found = activities_.find(attributes.scheduled_event_id());
      expect(found != activities_.end() && found->second.started_event_id == 0, "H4",
             "activity {} started, but is not pending or started already", attributes.scheduled_event_id());
      if (found != activities_.end()) {
        found->second.started_event_id = last_id_;
        found->second.started_at = time;
        const int maximum = found->second.attributes.retry_policy().maximum_attempts();
        expect(maximum == 0 || attributes.attempt() <= maximum, "A4", "attempt {} of at most {}",
               attributes.attempt(), maximum);
      }
      return true;
    }
    case enums::EVENT_TYPE_ACTIVITY_TASK_COMPLETED: {
      const auto& attributes = event.activity_task_completed_event_attributes();
      activity_resolved(attributes.scheduled_event_id(), attributes.started_event_id(), true);
      return true;
    }
    case enums::EVENT_TYPE_ACTIVITY_TASK_FAILED: {
      const auto& attributes = event.activity_task_failed_event_attributes();
      activity_resolved(attributes.scheduled_event_id(), attributes.started_event_id(), true);
      return true;
    }
    case enums::EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:
      activity_timed_out(event, time);
      return true;
    case enums::EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED: {
      // The completion that it crossed may be buffered behind it: then the activity need not be pending, and
      // there may be a second request, as on Temporal.
      const auto found =
          activities_.find(event.activity_task_cancel_requested_event_attributes().scheduled_event_id());
      if (found != activities_.end()) {
        found->second.cancel_requested = true;
      }
      return true;
    }
    case enums::EVENT_TYPE_ACTIVITY_TASK_CANCELED: {
      const auto& attributes = event.activity_task_canceled_event_attributes();
      const auto found = activities_.find(attributes.scheduled_event_id());
      expect(found != activities_.end() && found->second.cancel_requested, "H4",
             "activity {} is canceled, but nobody asked for it", attributes.scheduled_event_id());
      activity_resolved(attributes.scheduled_event_id(), attributes.started_event_id(), false);
      return true;
    }
    default:
      return false;
  }
}

void HistoryCheck::activity_resolved(std::int64_t scheduled, std::int64_t started, bool must_have_started) {
  const auto found = activities_.find(scheduled);
  expect(found != activities_.end(), "A1", "activity {} is resolved, but is not pending", scheduled);
  if (found == activities_.end()) {
    return;
  }
  expect(found->second.started_event_id == started && (started > 0 || !must_have_started), "H4",
         "activity {} is resolved with started event {}, history has {}", scheduled, started,
         found->second.started_event_id);
  activity_ids_.extract(found->second.attributes.activity_id());
  activities_.erase(found);
}

void HistoryCheck::activity_timed_out(const HistoryEvent& event, Timestamp time) {
  const auto& attributes = event.activity_task_timed_out_event_attributes();
  const auto found = activities_.find(attributes.scheduled_event_id());
  if (found != activities_.end()) {
    const Activity& activity = found->second;
    const auto type = attributes.failure().timeout_failure_info().timeout_type();
    if (type == enums::TIMEOUT_TYPE_START_TO_CLOSE) {
      expect(time - activity.scheduled_at >= api::from_proto(activity.attributes.start_to_close_timeout()),
             "X1", "activity {}: start-to-close timeout {} ns after it was scheduled", found->first,
             (time - activity.scheduled_at).count());
    } else if (type == enums::TIMEOUT_TYPE_SCHEDULE_TO_START) {
      expect(time - activity.scheduled_at >= api::from_proto(activity.attributes.schedule_to_start_timeout()),
             "X1", "activity {}: schedule-to-start timeout after {} ns", found->first,
             (time - activity.scheduled_at).count());
    } else if (type == enums::TIMEOUT_TYPE_HEARTBEAT) {
      expect(time - activity.scheduled_at >= api::from_proto(activity.attributes.heartbeat_timeout()), "A6",
             "activity {}: heartbeat timeout {} ns after it was scheduled", found->first,
             (time - activity.scheduled_at).count());
    }
    // Timeouts of an attempt are compared with its true start in checks.cc: the started event is written
    // late, and H1 may have moved its time. A schedule-to-close timeout may be early: a retry that cannot fit
    // is not waited for.
  }
  activity_resolved(attributes.scheduled_event_id(), attributes.started_event_id(), false);
}

bool HistoryCheck::add_timer_event(const HistoryEvent& event, Timestamp time) {
  switch (event.event_type()) {
    case enums::EVENT_TYPE_TIMER_STARTED: {
      const auto& attributes = event.timer_started_event_attributes();
      for (const auto& [started, timer] : timers_) {
        expect(hostile_worker_ || timer.timer_id != attributes.timer_id(), "T3",
               "timer {} is started while it is pending", attributes.timer_id());
      }
      timers_[last_id_] =
          Timer{attributes.timer_id(), time + api::from_proto(attributes.start_to_fire_timeout())};
      return true;
    }
    case enums::EVENT_TYPE_TIMER_FIRED: {
      const auto& attributes = event.timer_fired_event_attributes();
      const auto found = timers_.find(attributes.started_event_id());
      expect(found != timers_.end() && found->second.timer_id == attributes.timer_id(), "T3",
             "timer {} fired, but is not pending", attributes.timer_id());
      if (found != timers_.end()) {
        expect(time >= found->second.fires_at, "T1", "timer {} fired {} ns early", attributes.timer_id(),
               (found->second.fires_at - time).count());
        timers_.erase(found);
      }
      return true;
    }
    case enums::EVENT_TYPE_TIMER_CANCELED: {
      const auto& attributes = event.timer_canceled_event_attributes();
      const auto found = timers_.find(attributes.started_event_id());
      expect(found != timers_.end() && found->second.timer_id == attributes.timer_id(), "T3",
             "timer {} is canceled, but is not pending", attributes.timer_id());
      if (found != timers_.end()) {
        timers_.erase(found);
      }
      return true;
    }
    default:
      return false;
  }
}

void HistoryCheck::add_close(const HistoryEvent& event, Timestamp time) {
  switch (event.event_type()) {
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
      status_ = enums::WORKFLOW_EXECUTION_STATUS_COMPLETED;
      break;
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
      status_ = enums::WORKFLOW_EXECUTION_STATUS_FAILED;
      successor_ = event.workflow_execution_failed_event_attributes().new_execution_run_id();
      break;
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED:
      status_ = enums::WORKFLOW_EXECUTION_STATUS_CANCELED;
      break;
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED:
      status_ = enums::WORKFLOW_EXECUTION_STATUS_TERMINATED;
      closing_identity_ = event.workflow_execution_terminated_event_attributes().identity();
      break;
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
      status_ = enums::WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW;
      successor_ = event.workflow_execution_continued_as_new_event_attributes().new_execution_run_id();
      break;
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT: {
      status_ = enums::WORKFLOW_EXECUTION_STATUS_TIMED_OUT;
      successor_ = event.workflow_execution_timed_out_event_attributes().new_execution_run_id();
      const Duration run = api::from_proto(start_.workflow_run_timeout());
      const Duration backoff = api::from_proto(start_.first_workflow_task_backoff());
      const bool run_over = run.count() > 0 && time >= start_time_ + run + backoff;
      const bool execution_over = start_.has_workflow_execution_expiration_time() &&
                                  time >= api::from_proto(start_.workflow_execution_expiration_time());
      expect(run_over || execution_over, "X1", "the run timed out {} ns after its start, timeout {} ns",
             (time - start_time_).count(), run.count());
      break;
    }
    default:
      return;
  }
  expect(!workflow_task_ || workflow_task_->started_event_id == 0, "H5",
         "the run is closed while a workflow task is started");
  closed_ = true;
}

}  // namespace perdure::sim
