#pragma once
// Time as the cores see it: an input, never a call. Nanoseconds since 1970 UTC, as on the wire.
#include <chrono>
#include <compare>
#include <cstdint>

namespace perdure {

using Duration = std::chrono::nanoseconds;

struct Timestamp {
  std::int64_t nanos = 0;  // since 1970-01-01T00:00:00Z

  friend constexpr auto operator<=>(Timestamp, Timestamp) = default;
  friend constexpr Timestamp operator+(Timestamp t, Duration d) { return {t.nanos + d.count()}; }
  friend constexpr Timestamp operator-(Timestamp t, Duration d) { return {t.nanos - d.count()}; }
  friend constexpr Duration operator-(Timestamp a, Timestamp b) { return Duration(a.nanos - b.nanos); }
};

}  // namespace perdure
