#pragma once
// The gRPC channel of a connection: credentials, keepalive, limits.
#include <grpcpp/channel.h>

#include <memory>

#include "client/remote.h"

namespace perdure::client_grpc {

std::shared_ptr<grpc::Channel> make_channel(const client::RemoteOptions& options);

}  // namespace perdure::client_grpc
