#pragma once
// Calls of services that this server does not have, answered as grpc-go does: clients read the text.
#include <grpcpp/generic/async_generic_service.h>

namespace perdure::server {

class UnknownService final : public grpc::CallbackGenericService {
 public:
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override;
};

}  // namespace perdure::server
