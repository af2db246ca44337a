#pragma once
// Where the shell gets its time. The simulator has its own; tests of users have one that skips
// (virtual_clock.h).
#include <optional>

#include "base/time.h"

namespace perdure::runtime {

// The engine has nothing to do before `next_due`.
struct Rest {
  std::optional<Timestamp> next_due;  // of timers, timeouts and retries; callers that wait do not count
  bool workflow_tasks = false;        // one waits for a worker or is with one
  bool activities = false;            // one is with a worker, or on its way to one
};

class Clock {
 public:
  virtual ~Clock() = default;
  // Wall-clock time; may step backwards (the runtime never does).
  virtual Timestamp now() = 0;

  // The rest is for a clock that may be moved forward while the engine rests. Stepping thread only.

  // Whether rest() is to be called.
  virtual bool skips() const { return false; }
  // By how much it was moved: what is measured in time that really passes, as the patience of callers, is not
  // affected by it.
  virtual Duration skipped() const { return Duration::zero(); }
  // True: it was moved, or somebody who slept was woken, so look again.
  virtual bool rest(const Rest& /*rest*/) { return false; }
  // When rest() is to be called again although nothing is due.
  virtual std::optional<Timestamp> wake_at() const { return std::nullopt; }
};

class SystemClock : public Clock {
 public:
  Timestamp now() override;
};

}  // namespace perdure::runtime
