#pragma once
// Waiting for SIGINT or SIGTERM in one thread while the others go on.
#include <mutex>

namespace perdure::sdk {

// While at least one of these lives, the two signals do not end the process but end wait(), of all of them.
// The handlers that were there before are put back with the last one.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  // Returns when a signal came since the first StopSignal, or when `other_fd` becomes readable.
  void wait(int other_fd) const;
};

}  // namespace perdure::sdk
