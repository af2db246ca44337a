#include "client/rpc_error.h"

#include "perdure/error.h"

namespace perdure::client {

void throw_if_failed(const Status& status) {
  if (status.ok()) {
    return;
  }
  if (status.code() == Code::kNotFound) {
    throw WorkflowNotFoundError(status.message());
  }
  throw RpcError(static_cast<RpcStatusCode>(status.code()), status.message());
}

}  // namespace perdure::client
