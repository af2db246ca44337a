#include "server/unknown_service.h"

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace perdure::server {
namespace {

class Refusal final : public grpc::ServerGenericBidiReactor {
 public:
  explicit Refusal(const std::string& why) { Finish(grpc::Status(grpc::StatusCode::UNIMPLEMENTED, why)); }
  void OnDone() override { delete this; }
};

}  // namespace

grpc::ServerGenericBidiReactor* UnknownService::CreateReactor(grpc::GenericCallbackServerContext* context) {
  constexpr std::size_t kLongest = 200;
  std::string_view path = context->method();  // "/package.Service/Method"
  path = path.substr(0, kLongest);
  const std::size_t slash = path.rfind('/');
  if (!path.starts_with('/') || slash == 0 || slash == std::string_view::npos) {
    return new Refusal(fmt::format("malformed method name: \"{}\"", path));
  }
  const std::string_view service = path.substr(1, slash - 1);
  const std::string_view method = path.substr(slash + 1);
  const bool known = service == "temporal.api.workflowservice.v1.WorkflowService" ||
                     service == "temporal.api.operatorservice.v1.OperatorService" ||
                     service == "grpc.health.v1.Health";
  return new Refusal(known ? fmt::format("unknown method {} for service {}", method, service)
                           : fmt::format("unknown service {}", service));
}

}  // namespace perdure::server
