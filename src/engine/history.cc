#include "engine/history.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "api/convert.h"

namespace perdure::engine {

namespace {

bool is_buffered(enums::EventType type) {
  switch (type) {
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT:
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED:
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED:
    case enums::EVENT_TYPE_WORKFLOW_TASK_SCHEDULED:
    case enums::EVENT_TYPE_WORKFLOW_TASK_STARTED:
    case enums::EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
    case enums::EVENT_TYPE_WORKFLOW_TASK_FAILED:
    case enums::EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT:
    case enums::EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
    case enums::EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED:
    case enums::EVENT_TYPE_TIMER_STARTED:
    case enums::EVENT_TYPE_TIMER_CANCELED:
    case enums::EVENT_TYPE_MARKER_RECORDED:
    case enums::EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
    case enums::EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED:
    case enums::EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED:
    case enums::EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED:
    case enums::EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED:
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED:
      return false;
    default:
      return true;
  }
}

// The scheduled event id of an event that closes an activity; 0 for any other event.
std::int64_t closed_activity(const history::HistoryEvent& event) {
  switch (event.event_type()) {
    case enums::EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
      return event.activity_task_completed_event_attributes().scheduled_event_id();
    case enums::EVENT_TYPE_ACTIVITY_TASK_FAILED:
      return event.activity_task_failed_event_attributes().scheduled_event_id();
    case enums::EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:
      return event.activity_task_timed_out_event_attributes().scheduled_event_id();
    case enums::EVENT_TYPE_ACTIVITY_TASK_CANCELED:
      return event.activity_task_canceled_event_attributes().scheduled_event_id();
    default:
      return 0;
  }
}

// The initiated event id of an event that closes a child; 0 for any other event.
std::int64_t closed_child(const history::HistoryEvent& event) {
  switch (event.event_type()) {
    case enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED:
      return event.child_workflow_execution_completed_event_attributes().initiated_event_id();
    case enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED:
      return event.child_workflow_execution_failed_event_attributes().initiated_event_id();
    case enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TIMED_OUT:
      return event.child_workflow_execution_timed_out_event_attributes().initiated_event_id();
    case enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED:
      return event.child_workflow_execution_canceled_event_attributes().initiated_event_id();
    case enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TERMINATED:
      return event.child_workflow_execution_terminated_event_attributes().initiated_event_id();
    default:
      return 0;
  }
}

void set_child_started_event_id(history::HistoryEvent* event, std::int64_t started_event_id) {
  switch (event->event_type()) {
    case enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED:
      event->mutable_child_workflow_execution_completed_event_attributes()->set_started_event_id(
          started_event_id);
      break;
    case enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED:
      event->mutable_child_workflow_execution_failed_event_attributes()->set_started_event_id(
          started_event_id);
      break;
    case enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TIMED_OUT:
      event->mutable_child_workflow_execution_timed_out_event_attributes()->set_started_event_id(
          started_event_id);
      break;
    case enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED:
      event->mutable_child_workflow_execution_canceled_event_attributes()->set_started_event_id(
          started_event_id);
      break;
    case enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TERMINATED:
      event->mutable_child_workflow_execution_terminated_event_attributes()->set_started_event_id(
          started_event_id);
      break;
    default:
      break;
  }
}

// A child's started event has its id now.
void note_child_started(Execution& run, const history::HistoryEvent& event) {
  const ItemKey child{ItemKind::kChild,
                      event.child_workflow_execution_started_event_attributes().initiated_event_id()};
  if (run.find(child) != nullptr) {
    std::get<state::ChildState>(run.change(child)).set_started_event_id(event.event_id());
  }
}

void set_activity_started_event_id(history::HistoryEvent* event, std::int64_t started_event_id) {
  switch (event->event_type()) {
    case enums::EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
      event->mutable_activity_task_completed_event_attributes()->set_started_event_id(started_event_id);
      break;
    case enums::EVENT_TYPE_ACTIVITY_TASK_FAILED:
      event->mutable_activity_task_failed_event_attributes()->set_started_event_id(started_event_id);
      break;
    case enums::EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:
      event->mutable_activity_task_timed_out_event_attributes()->set_started_event_id(started_event_id);
      break;
    case enums::EVENT_TYPE_ACTIVITY_TASK_CANCELED:
      event->mutable_activity_task_canceled_event_attributes()->set_started_event_id(started_event_id);
      break;
    default:
      break;
  }
}

std::int64_t append_with_id(Execution& run, history::HistoryEvent event) {
  state::ExecutionState& info = run.info();
  const std::int64_t id = info.next_event_id();
  event.set_event_id(id);
  const Timestamp time = std::max(api::from_proto(event.event_time()), Timestamp{info.last_event_time()});
  api::set_timestamp(event.mutable_event_time(), time);
  info.set_last_event_time(time.nanos);
  info.set_next_event_id(id + 1);
  run.new_events().mutable_events()->Add(std::move(event));
  return id;
}

}  // namespace

history::HistoryEvent make_event(enums::EventType type, Timestamp time) {
  history::HistoryEvent event;
  event.set_event_type(type);
  api::set_timestamp(event.mutable_event_time(), time);
  return event;
}

std::int64_t append_event(Execution& run, history::HistoryEvent event) {
  if (!is_buffered(event.event_type())) {
    return append_with_id(run, std::move(event));
  }
  run.info().mutable_buffered_events()->Add(std::move(event));
  return 0;
}

bool has_buffered_events(const Execution& run) { return run.info().buffered_events_size() != 0; }

void flush_buffered_events(Execution& run) {
  if (!has_buffered_events(run)) {
    return;
  }
  google::protobuf::RepeatedPtrField<history::HistoryEvent> buffered;
  buffered.Swap(run.info().mutable_buffered_events());
  std::stable_partition(buffered.pointer_begin(), buffered.pointer_end(),
                        [](const history::HistoryEvent* event) {
                          return closed_activity(*event) == 0 && closed_child(*event) == 0;
                        });
  std::map<std::int64_t, std::int64_t> started;           // activity's scheduled event id to started event id
  std::map<std::int64_t, std::int64_t> children_started;  // initiated event id to started event id
  for (history::HistoryEvent& event : buffered) {
    if (auto found = started.find(closed_activity(event)); found != started.end()) {
      set_activity_started_event_id(&event, found->second);
    }
    if (auto found = children_started.find(closed_child(event)); found != children_started.end()) {
      set_child_started_event_id(&event, found->second);
    }
    const bool starts_child = event.event_type() == enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED;
    const bool starts_activity = event.event_type() == enums::EVENT_TYPE_ACTIVITY_TASK_STARTED;
    const std::int64_t scheduled =
        starts_activity ? event.activity_task_started_event_attributes().scheduled_event_id() : 0;
    const std::int64_t id = append_with_id(run, std::move(event));
    if (starts_activity) {
      started[scheduled] = id;
    } else if (starts_child) {
      const history::HistoryEvent& appended = *run.new_events().events().rbegin();
      children_started[appended.child_workflow_execution_started_event_attributes().initiated_event_id()] =
          id;
      note_child_started(run, appended);
    }
  }
}

bool has_activity_close_event(const Execution& run, std::int64_t scheduled_event_id) {
  auto closes = [&](const history::HistoryEvent& event) {
    return closed_activity(event) == scheduled_event_id;
  };
  const auto& buffered = run.info().buffered_events();
  const auto& appended = run.new_events().events();
  return std::any_of(buffered.begin(), buffered.end(), closes) ||
         std::any_of(appended.begin(), appended.end(), closes);
}

std::int64_t take_back_timer_fired(Execution& run, std::string_view timer_id) {
  auto* buffered = run.info().mutable_buffered_events();
  for (auto event = buffered->begin(); event != buffered->end(); ++event) {
    if (event->event_type() == enums::EVENT_TYPE_TIMER_FIRED &&
        event->timer_fired_event_attributes().timer_id() == timer_id) {
      const std::int64_t started = event->timer_fired_event_attributes().started_event_id();
      buffered->erase(event);
      return started;
    }
  }
  return 0;
}

}  // namespace perdure::engine
