#pragma once
// Whoever steps an Instance in programs: a thread (loop_thread.h) or the loop of the program (posted_loop.h).
#include "base/status.h"

namespace perdure::runtime {

class Driver {
 public:
  Driver() = default;
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
  virtual ~Driver() = default;

  // Answers what waits, commits what was posted, closes the store (Instance::stop). Thread-safe but not from
  // a reply; a second call returns the first one's status.
  virtual Status stop() = 0;
  // Steps on the calling thread, unless there is a thread for that.
  virtual void drive() {}
};

}  // namespace perdure::runtime
