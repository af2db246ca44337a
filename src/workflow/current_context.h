#pragma once
// Which run's code is running on this thread.
#include <chrono>

#include "base/time.h"
#include "perdure/detail/workflow_context.h"

namespace perdure::workflow_core {

// Makes a context the current one for a scope.
class CurrentContext {
 public:
  explicit CurrentContext(detail::WorkflowContext* context);
  ~CurrentContext();
  CurrentContext(const CurrentContext&) = delete;
  CurrentContext& operator=(const CurrentContext&) = delete;

 private:
  detail::WorkflowContext* previous_;
};

inline std::chrono::system_clock::time_point to_time_point(Timestamp time) {
  return std::chrono::system_clock::time_point(std::chrono::nanoseconds(time.nanos));
}

}  // namespace perdure::workflow_core
