#pragma once
// How often something may happen, as a token bucket without a clock: a second's worth at once after a pause.
#include <chrono>
#include <cstdint>
#include <optional>

#include "base/time.h"

namespace perdure::matching {

class RateLimit {
 public:
  // None: no limit. Zero, less, or what is no number: never. What happened so far still counts.
  void set(std::optional<double> per_second, Timestamp now);

  bool is_limited() const { return interval_.has_value(); }
  // When the next may happen, perhaps in the past; none: never.
  std::optional<Timestamp> ready_at() const;
  // It happens now.
  void take(Timestamp now);
  // The last one did not happen after all.
  void give_back();

 private:
  static constexpr Duration kBurst = std::chrono::seconds(1);
  static constexpr Duration kNever{-1};

  std::optional<Duration> interval_;  // kNever; none: no limit
  Timestamp ready_{};                 // while there is a limit
};

}  // namespace perdure::matching
