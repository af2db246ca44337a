#pragma once
// Which activity the code on this thread belongs to.
#include "perdure/detail/activity_context.h"

namespace perdure::worker {

// Makes `context` the current activity of the thread for as long as it lives.
class ActivityScope {
 public:
  explicit ActivityScope(activity::detail::ActivityContext* context);
  ~ActivityScope();
  ActivityScope(const ActivityScope&) = delete;
  ActivityScope& operator=(const ActivityScope&) = delete;

 private:
  activity::detail::ActivityContext* outer_;
};

}  // namespace perdure::worker
