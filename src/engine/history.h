#pragma once
// Events of a run: their ids, times and order.
//
// As Temporal (historybuilder/event_store.go): events that come from outside the workflow task under way are
// buffered first, always. They get ids when no workflow task is started: at the end of the command, or just
// before the next workflow task is scheduled. Closing events, workflow task events and events made from a
// worker's commands get their id at once.
#include <cstdint>
#include <string_view>

#include "base/time.h"
#include "engine/execution.h"
#include "engine/names.h"

namespace perdure::engine {

// An event of `type` at `time`, without an id.
history::HistoryEvent make_event(enums::EventType type, Timestamp time);

// Returns the event's id; 0: it is buffered. An event's time is never below that of the event before (H1).
std::int64_t append_event(Execution& run, history::HistoryEvent event);

bool has_buffered_events(const Execution& run);
// Gives the buffered events ids, completions of activities and children last, and joins started and closing
// events of each.
void flush_buffered_events(Execution& run);

// Is a closing event of this activity buffered or part of the transition under way?
bool has_activity_close_event(const Execution& run, std::int64_t scheduled_event_id);
// Takes a buffered TimerFired of this timer back. Returns its started event id; 0: there is none.
std::int64_t take_back_timer_fired(Execution& run, std::string_view timer_id);

}  // namespace perdure::engine
