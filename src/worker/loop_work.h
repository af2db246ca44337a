#pragma once
// Whom the work belongs to that runs on an event loop, for a report that it blocks.
#include "perdure/logger.h"

namespace perdure::worker {

class LoopWork {
 public:
  // Of the loop that runs work of this worker's on the calling thread; null: none does.
  static LoopWork*& here() {
    thread_local LoopWork* current = nullptr;
    return current;
  }
  virtual void describe(LogFields fields) = 0;

 protected:
  ~LoopWork() = default;
};

}  // namespace perdure::worker
