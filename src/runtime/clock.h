#pragma once
// Where the shell gets its time. The simulator has its own.
#include "base/time.h"

namespace perdure::runtime {

class Clock {
 public:
  virtual ~Clock() = default;
  // Wall-clock time; may step backwards (the runtime never does).
  virtual Timestamp now() = 0;
};

class SystemClock : public Clock {
 public:
  Timestamp now() override;
};

}  // namespace perdure::runtime
