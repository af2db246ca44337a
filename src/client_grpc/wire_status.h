#pragma once
// What a call ended with, as gRPC says it, as a Status.
#include <grpcpp/support/status.h>

#include "base/status.h"

namespace perdure::client_grpc {

// With the first detail of the google.rpc.Status that came along, if one did.
Status from_wire(const grpc::Status& status);

}  // namespace perdure::client_grpc
