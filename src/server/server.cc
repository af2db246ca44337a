#include "server/server.h"

#include <fmt/format.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <thread>
#include <utility>

#include "server/address.h"
#include "server/credentials.h"
#include "server/dispatcher.h"
#include "server/health_service.h"
#include "server/limits.h"
#include "server/wire_bytes.h"

namespace perdure::server {
namespace {

constexpr const char* kWorkflowService = "temporal.api.workflowservice.v1.WorkflowService";
constexpr const char* kOperatorService = "temporal.api.operatorservice.v1.OperatorService";

void set_limits(grpc::ServerBuilder& builder) {
  grpc::ResourceQuota quota("perdure");
  quota.Resize(limits::kReadBuffers);
  builder.SetResourceQuota(quota);
  // Checked by read_message(), with the text that clients know.
  builder.SetMaxReceiveMessageSize(-1);
  builder.AddChannelArgument(kDecompressArgument, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, limits::kMetadata);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, limits::kStreamsPerConnection);
  const auto ping = std::chrono::milliseconds(limits::kClientPing);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             static_cast<int>(ping.count()));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // Otherwise a second server binds the same port and takes half of the connections.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
}

Status check_exposure(const Address& address, const ServerOptions& options) {
  if (options.insecure || !options.tls.certificate.empty()) {
    return {};
  }
  const auto loopback = is_loopback(address);
  if (!loopback.ok()) {
    return loopback.status();
  }
  if (*loopback) {
    return {};
  }
  return failed_precondition(
      fmt::format("{} can be reached by other machines, and without TLS anyone who reaches it can do "
                  "everything; give a certificate and key, or allow it explicitly (--insecure)",
                  address.text()));
}

}  // namespace

struct Server::Impl {
  explicit Impl(frontend::Frontend& frontend)
      : calls(frontend),
        workflow_service(calls, kWorkflowService),
        operator_service(calls, kOperatorService) {}

  Calls calls;
  ApiService workflow_service;
  ApiService operator_service;
  HealthService health{{"", kWorkflowService, kOperatorService}};
  std::string address;
  std::unique_ptr<grpc::Server> server;
  std::once_flag drained;
};

Result<std::unique_ptr<Server>> Server::start(frontend::Frontend& frontend, ServerOptions options) {
  auto address = parse_address(options.address);
  if (!address.ok()) {
    return address.status();
  }
  if (Status status = check_exposure(*address, options); !status.ok()) {
    return status;
  }
  auto credentials = make_credentials(options.tls);
  if (!credentials.ok()) {
    return credentials.status();
  }
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  auto impl = std::make_unique<Impl>(frontend);
  grpc::ServerBuilder builder;
  set_limits(builder);
  int port = 0;
  builder.AddListeningPort(address->text(), *credentials, &port);
  builder.RegisterService(&impl->workflow_service);
  builder.RegisterService(&impl->operator_service);
  builder.RegisterService(&impl->health);
  impl->server = builder.BuildAndStart();
  if (impl->server == nullptr || port == 0) {
    return unavailable(
        fmt::format("{} cannot be served: another program uses it, or it is not an address of this machine",
                    address->text()));
  }
  address->port = static_cast<std::uint16_t>(port);
  impl->address = address->text();
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() { drain(std::chrono::milliseconds::zero()); }

const std::string& Server::address() const { return impl_->address; }

void Server::drain(std::chrono::milliseconds grace) {
  std::call_once(impl_->drained, [this, grace] {
    impl_->health.stop();
    std::thread polls([this, grace] { impl_->calls.end_polls(grace + std::chrono::seconds(5)); });
    impl_->server->Shutdown(std::chrono::system_clock::now() + grace);
    polls.join();
  });
}

}  // namespace perdure::server
