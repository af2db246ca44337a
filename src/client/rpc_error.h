#pragma once
// The one place where a Status becomes an exception.
#include <string>

#include "base/status.h"

namespace perdure::client {

// Throws RpcError or WorkflowNotFoundError unless `status` is OK.
void throw_if_failed(const Status& status);

}  // namespace perdure::client
