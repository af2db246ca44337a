#pragma once
#include <string_view>

namespace perdure::frontend {

// Whether `schedule` is one that Temporal accepts: five fields (minute, hour, day of month, month, day of
// week) of numbers, names, lists, ranges and steps, or a descriptor such as "@every 1h30m", either after an
// optional "CRON_TZ=…" or "TZ=…".
bool is_cron_schedule(std::string_view schedule);

}  // namespace perdure::frontend
