#pragma once
// Cron schedules, as Temporal reads them (robfig/cron's standard parser): five fields (minute, hour, day of
// month, month, day of week) of numbers, names, lists, ranges and steps, or a descriptor such as
// "@every 1h30m". All in UTC.
#include <optional>
#include <string_view>

#include "base/time.h"

namespace perdure::engine {

enum class CronProblem { kNone, kInvalid, kOtherTimeZone, kNever };

// Whether `schedule` can be used. kOtherTimeZone: it names another time zone than UTC ("TZ=…",
// "CRON_TZ=…"), which is not supported. kNever: no time matches it, such as the 31st of February.
CronProblem check_cron(std::string_view schedule);

// Why it cannot be used, as errors say it.
const char* cron_problem_text(CronProblem problem);

// How long after `now` the next run of `schedule` begins, in whole seconds, when the last one was meant for
// `scheduled`. None: there is no schedule, or no such time.
std::optional<Duration> cron_backoff(std::string_view schedule, Timestamp scheduled, Timestamp now);

}  // namespace perdure::engine
