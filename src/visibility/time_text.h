#pragma once
// Times and durations as filters write them.
#include <optional>
#include <string_view>

#include "base/time.h"

namespace perdure::visibility {

// RFC 3339 with up to nine digits of a second: "2026-01-01T00:00:00.5+02:00". None: it is not one, or is
// beyond what nanoseconds since 1970 in 64 bits hold.
std::optional<Timestamp> parse_rfc3339(std::string_view text);

// Nanoseconds as a number, Go's durations with days ("1d2h", "-1.5h", "300ms"), or "hh:mm:ss".
std::optional<Duration> parse_duration(std::string_view text);

}  // namespace perdure::visibility
