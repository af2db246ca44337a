#pragma once
// The wall clock of the simulated machine: drifts against true time and is stepped, also backwards.
#include "base/time.h"
#include "runtime/clock.h"
#include "schedule.h"

namespace perdure::sim {

class SimClock : public runtime::Clock {
 public:
  SimClock(const Schedule& schedule, std::int64_t drift_ppm) : schedule_(schedule), drift_ppm_(drift_ppm) {}

  Timestamp now() override { return shown_at(schedule_.now()); }
  void step(Duration by) { offset_ += by; }
  Duration offset() const { return offset_; }
  // When (in true time) the clock shows `shown`, if nobody steps it until then.
  Timestamp true_time_of(Timestamp shown) const {
    const std::int64_t elapsed = (shown - kEpoch - offset_).count();
    // A microsecond more than the division says: the clock must have reached `shown` by then.
    return kEpoch + Duration(elapsed - elapsed / (1'000'000 + drift_ppm_) * drift_ppm_ + 1'000);
  }

 private:
  Timestamp shown_at(Timestamp true_time) const {
    const std::int64_t elapsed = (true_time - kEpoch).count();
    return kEpoch + Duration(elapsed + elapsed / 1'000'000 * drift_ppm_) + offset_;
  }

  const Schedule& schedule_;
  std::int64_t drift_ppm_;
  Duration offset_{0};
};

}  // namespace perdure::sim
