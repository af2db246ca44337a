#include "workflow/scheduler.h"

#include <algorithm>
#include <utility>

namespace perdure::workflow_core {

void Scheduler::drain(const bool& stopped) {
  while (!stopped) {
    if (ready_.empty()) {
      check_conditions();
      if (ready_.empty()) {
        return;
      }
    }
    Ready item = std::move(ready_.front());
    ready_.pop_front();
    step(std::move(item));
  }
}

void Scheduler::step(Ready item) {
  if (item.action) {
    item.action();
    return;
  }
  running_ = item.fiber;
  item.handle.resume();
  running_ = nullptr;
  if (item.fiber->done()) {
    item.fiber->finish();
  }
}

void Scheduler::check_conditions() {
  // A condition that holds leaves the list while it is checked; predicates change nothing else.
  const std::vector<detail::Condition*> current = conditions_;
  for (detail::Condition* condition : current) {
    condition->check();
  }
}

}  // namespace perdure::workflow_core
