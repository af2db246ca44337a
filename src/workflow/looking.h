#pragma once
// A stretch of code that must only look at the workflow.
#include <utility>

#include "workflow/core.h"

namespace perdure::workflow_core {

// While it lives, what would change the workflow throws ReadOnlyContextError.
class WorkflowRun::Core::Looking {
 public:
  // `what` runs: "query handler". A literal.
  Looking(Outbox& outbox, const char* what) : outbox_(outbox), before_(std::exchange(outbox.looking, what)) {}
  ~Looking() { outbox_.looking = before_; }
  Looking(const Looking&) = delete;
  Looking& operator=(const Looking&) = delete;

 private:
  Outbox& outbox_;
  const char* before_;
};

}  // namespace perdure::workflow_core
