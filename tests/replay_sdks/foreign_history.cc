#include "foreign_history.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "testing/history_json.h"

namespace replay_sdks {
namespace {

using temporal::api::history::v1::HistoryEvent;
using namespace temporal::api::enums::v1;  // NOLINT: the wire's enumerators have their type in their name

bool is_number(const std::string& id) {
  return !id.empty() &&
         std::all_of(id.begin(), id.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

// New ids in the order in which the old ones appear.
class Ids {
 public:
  explicit Ids(bool renumber) : renumber_(renumber) {}
  std::string of(const std::string& id) {
    if (!renumber_ || !is_number(id)) {
      return id;
    }
    return std::to_string(numbers_.try_emplace(id, numbers_.size() + 1).first->second);
  }

 private:
  bool renumber_;
  std::map<std::string, std::size_t> numbers_;
};

// Local activities have numbers of their own among those of the others.
bool has_local_activities(const History& history) {
  return std::any_of(history.events().begin(), history.events().end(), [](const HistoryEvent& event) {
    return event.marker_recorded_event_attributes().marker_name() == "core_local_activity";
  });
}

// Whether the first number among the ids is another than 1.
bool counts_otherwise(const History& history, EventType type) {
  for (const HistoryEvent& event : history.events()) {
    const std::string& id = type == EVENT_TYPE_TIMER_STARTED
                                ? event.timer_started_event_attributes().timer_id()
                                : event.activity_task_scheduled_event_attributes().activity_id();
    if (event.event_type() == type && is_number(id)) {
      return id != "1";
    }
  }
  return false;
}

std::string marker_without_twin(const HistoryEvent& event) {
  static const std::set<std::string> kKnown{"core_patch", "core_local_activity", "SideEffect"};
  const std::string& name = event.marker_recorded_event_attributes().marker_name();
  return kKnown.contains(name) ? "" : "markers of the kind " + name;
}

}  // namespace

std::optional<History> read_history(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (file.extension() == ".json") {
    // Most JSON of a checkout is something else.
    if (text.view().find("orkflowExecutionStartedEventAttributes") == std::string_view::npos) {
      return std::nullopt;
    }
    auto history = perdure::testing::read_history_json(text.view());
    return history.ok() ? std::optional<History>(*std::move(history)) : std::nullopt;
  }
  History history;
  const bool read = history.ParseFromString(text.str()) && history.events_size() > 0 &&
                    history.events(0).has_workflow_execution_started_event_attributes();
  return read ? std::optional<History>(std::move(history)) : std::nullopt;
}

std::string without_twin(const History& history) {
  for (const HistoryEvent& event : history.events()) {
    switch (event.event_type()) {
      case EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED:
        return "child workflows";
      case EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED:
      case EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED:
        return "signals to other workflows";
      case EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
      case EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ADMITTED:
        return "updates";
      case EVENT_TYPE_NEXUS_OPERATION_SCHEDULED:
        return "Nexus operations";
      case EVENT_TYPE_MARKER_RECORDED:
        if (std::string marker = marker_without_twin(event); !marker.empty()) {
          return marker;
        }
        break;
      default:
        break;
    }
  }
  return "";
}

void renumber(History& history) {
  Ids activities(!has_local_activities(history) &&
                 counts_otherwise(history, EVENT_TYPE_ACTIVITY_TASK_SCHEDULED));
  Ids timers(counts_otherwise(history, EVENT_TYPE_TIMER_STARTED));
  for (HistoryEvent& event : *history.mutable_events()) {
    if (event.event_type() == EVENT_TYPE_ACTIVITY_TASK_SCHEDULED) {
      auto* attributes = event.mutable_activity_task_scheduled_event_attributes();
      attributes->set_activity_id(activities.of(attributes->activity_id()));
    } else if (event.event_type() == EVENT_TYPE_TIMER_STARTED) {
      auto* attributes = event.mutable_timer_started_event_attributes();
      attributes->set_timer_id(timers.of(attributes->timer_id()));
    } else if (event.event_type() == EVENT_TYPE_TIMER_FIRED) {
      auto* attributes = event.mutable_timer_fired_event_attributes();
      attributes->set_timer_id(timers.of(attributes->timer_id()));
    } else if (event.event_type() == EVENT_TYPE_TIMER_CANCELED) {
      auto* attributes = event.mutable_timer_canceled_event_attributes();
      attributes->set_timer_id(timers.of(attributes->timer_id()));
    }
  }
}

}  // namespace replay_sdks
