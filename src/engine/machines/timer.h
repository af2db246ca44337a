#pragma once
// The timers of a run: started by a command, then fired or cancelled.
#include <cstdint>

#include "engine/names.h"
#include "engine/step.h"

namespace perdure::engine {

// Makes the item of a timer whose started event was just appended.
void add_timer(Step& step, std::int64_t started_event_id,
               const history::TimerStartedEventAttributes& started);
void fire_timer(Step& step, std::int64_t started_event_id);

}  // namespace perdure::engine
