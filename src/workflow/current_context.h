#pragma once
// Which run's code is running on this thread.
#include <chrono>
#include <cstdint>

#include "base/time.h"
#include "perdure/detail/workflow_context.h"

namespace perdure::workflow_core {

// Makes a context the current one for a scope, and counts the coroutine frames that are made and destroyed in
// it.
class CurrentContext {
 public:
  CurrentContext(detail::WorkflowContext* context, std::int64_t* frame_bytes);
  ~CurrentContext();
  CurrentContext(const CurrentContext&) = delete;
  CurrentContext& operator=(const CurrentContext&) = delete;

 private:
  detail::WorkflowContext* previous_;
  std::int64_t* previous_frame_bytes_;
};

inline std::chrono::system_clock::time_point to_time_point(Timestamp time) {
  return std::chrono::system_clock::time_point(std::chrono::nanoseconds(time.nanos));
}

}  // namespace perdure::workflow_core
