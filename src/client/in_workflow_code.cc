#include "client/in_workflow_code.h"

#include "perdure/error.h"

namespace perdure::client {

void refuse_in_workflow_code() {
  if (perdure_guard_refuses_client != nullptr && perdure_guard_refuses_client()) {
    throw PerdureError(
        "a Client was used in the code of a workflow: start an activity for it, where activity::client() is "
        "one; other "
        "workflows are reached with start_child_workflow and external handles");
  }
}

}  // namespace perdure::client
