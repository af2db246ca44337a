#include "server/server.h"

#include <absl/synchronization/mutex.h>
#include <fmt/format.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "server/acceptor.h"
#include "server/address.h"
#include "server/credentials.h"
#include "server/dispatcher.h"
#include "server/health_service.h"
#include "server/limits.h"
#include "server/metrics_listener.h"
#include "server/reflection_service.h"
#include "server/unknown_service.h"
#include "server/wire_bytes.h"

namespace perdure::server {
namespace {

constexpr const char* kWorkflowService = "temporal.api.workflowservice.v1.WorkflowService";
constexpr const char* kOperatorService = "temporal.api.operatorservice.v1.OperatorService";

// After the grace, for polls that the engine still has to let go.
constexpr std::chrono::seconds kMore{5};

void set_limits(grpc::ServerBuilder& builder) {
  grpc::ResourceQuota quota("perdure");
  quota.Resize(limits::kReadBuffers);
  builder.SetResourceQuota(quota);
  // What is too large for the API is refused by read_message(), with the text that clients know.
  builder.SetMaxReceiveMessageSize(limits::kReceived);
  const auto set = [&builder](const char* name, std::int64_t value) {
    builder.AddChannelArgument(name, static_cast<int>(value));
  };
  const auto millis = [](std::chrono::milliseconds value) { return value.count(); };
  set(kDecompressArgument, 0);
  set(GRPC_ARG_MAX_METADATA_SIZE, limits::kMetadataHard);
  set(GRPC_ARG_MAX_CONCURRENT_STREAMS, limits::kStreamsPerConnection);
  set(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, millis(limits::kClientPing));
  set(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  set(GRPC_ARG_KEEPALIVE_TIME_MS, millis(limits::kServerPing));
  set(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, millis(limits::kPingAnswer));
  set(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);  // as many as that takes
  set(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, millis(limits::kHandshake));
}

Status check_exposure(const Endpoint& endpoint, const ServerOptions& options) {
  if (options.insecure || !options.tls.certificate.empty() || endpoint.is_loopback()) {
    return {};
  }
  return failed_precondition(
      fmt::format("{} can be reached by other machines, and without TLS anyone who reaches it can do "
                  "everything; give a certificate and key, or allow it explicitly (--insecure)",
                  endpoint.address.text()));
}

// `names` and those of `services`.
template <class Names>
Names names_of(const std::vector<ExtraService*>& services, Names names) {
  for (const ExtraService* service : services) {
    names.insert(names.end(), service->name());
  }
  return names;
}

}  // namespace

struct Server::Impl {
  Impl(frontend::Frontend& frontend, const ServerOptions& options)
      : log(options.log),
        calls(frontend, options.log, options.answer_patience),
        workflow_service(calls, kWorkflowService),
        operator_service(calls, kOperatorService),
        health(
            names_of(options.extra_services, std::set<std::string>{"", kWorkflowService, kOperatorService})),
        reflection(
            names_of(options.extra_services,
                     std::vector<std::string>{kWorkflowService, kOperatorService, "grpc.health.v1.Health"})),
        more_figures(options.figures) {
    for (ExtraService* extra : options.extra_services) {
      extra_services.push_back(std::make_unique<ApiService>(calls, extra->name(), extra));
    }
  }

  Status build(const std::shared_ptr<grpc::ServerCredentials>& credentials);
  Status start_metrics(const ServerOptions& options);
  std::vector<Figure> figures() const;

  const std::shared_ptr<const Log> log;
  Calls calls;
  ApiService workflow_service;
  ApiService operator_service;
  std::vector<std::unique_ptr<ApiService>> extra_services;
  HealthService health;
  ReflectionService reflection;
  UnknownService unknown;
  const Figures more_figures;
  std::string address;
  std::string no_metrics;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> connections;
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<Acceptor> acceptor;
  std::unique_ptr<MetricsListener> metrics;
  std::once_flag drained;
};

Status Server::Impl::build(const std::shared_ptr<grpc::ServerCredentials>& credentials) {
  // Debian builds Abseil with its search for deadlocks, which gRPC would pay for in every call.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  grpc::ServerBuilder builder;
  set_limits(builder);
  using Builder = grpc::ServerBuilder::experimental_type;
  connections = builder.experimental().AddExternalConnectionAcceptor(Builder::ExternalConnectionType::FROM_FD,
                                                                     credentials);
  builder.RegisterService(&workflow_service);
  builder.RegisterService(&operator_service);
  for (const auto& extra : extra_services) {
    builder.RegisterService(extra.get());
  }
  builder.RegisterService(&health);
  for (grpc::Service* service : reflection.versions()) {
    builder.RegisterService(service);
  }
  builder.RegisterCallbackGenericService(&unknown);
  server = builder.BuildAndStart();
  if (server == nullptr) {
    return internal_error("gRPC did not start; its log says why");
  }
  acceptor->start([this](int listener, int connection) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
    parameters.listener_fd = listener;
    parameters.fd = connection;
    connections->HandleNewConnection(&parameters);
  });
  return {};
}

Status Server::Impl::start_metrics(const ServerOptions& options) {
  if (options.metrics_address.empty()) {
    return {};
  }
  std::vector<MethodMetrics> methods;
  workflow_service.list_metrics(&methods);
  operator_service.list_metrics(&methods);
  for (const auto& extra : extra_services) {
    extra->list_metrics(&methods);
  }
  auto started = MetricsListener::start(options.metrics_address, options.insecure,
                                        [this, methods] { return metrics_text(methods, figures()); });
  if (!started.ok() && options.metrics_optional) {
    if (log != nullptr) {
      log->write(LogLevel::kWarning, "no_metrics", {{"why", started.status().message()}});
    }
    return {};
  }
  if (!started.ok()) {
    return started.status();
  }
  metrics = std::move(started).value();
  return {};
}

std::vector<Figure> Server::Impl::figures() const {
  std::vector<Figure> all = more_figures ? more_figures() : std::vector<Figure>();
  all.push_back({"perdure_server_calls_under_way", "Calls that are not answered yet, polls included.",
                 static_cast<double>(calls.under_way()), false});
  all.push_back(
      {"perdure_server_open_polls", "Long polls that wait.", static_cast<double>(calls.open_polls()), false});
  all.push_back({"perdure_server_answers_dropped_total",
                 "Calls that were cut off because their answer was not read.",
                 static_cast<double>(calls.answers().dropped()), true});
  all.push_back({"perdure_server_connections_refused_total", "Connections above the limit, closed at once.",
                 static_cast<double>(acceptor->refused()), true});
  return all;
}

Result<std::unique_ptr<Server>> Server::start(frontend::Frontend& frontend, const ServerOptions& options) {
  const auto endpoint = resolve(options.address);
  if (!endpoint.ok()) {
    return endpoint.status();
  }
  if (Status status = check_exposure(*endpoint, options); !status.ok()) {
    return status;
  }
  const auto credentials = make_credentials(options.tls);
  if (!credentials.ok()) {
    return credentials.status();
  }
  auto acceptor = Acceptor::listen(*endpoint);
  if (!acceptor.ok()) {
    return acceptor.status();
  }
  auto impl = std::make_unique<Impl>(frontend, options);
  impl->acceptor = std::move(acceptor).value();
  impl->address = impl->acceptor->address().text();
  if (Status status = impl->start_metrics(options); !status.ok()) {
    return status;
  }
  if (Status status = impl->build(*credentials); !status.ok()) {
    return status;
  }
  std::unique_ptr<Server> server(new Server(std::move(impl)));
  if (options.log != nullptr) {
    const char* tls = options.tls.certificate.empty() ? "no"
                      : options.tls.client_ca.empty() ? "yes"
                                                      : "mutual";
    options.log->write(
        LogLevel::kInfo, "serving",
        {{"address", server->address()}, {"metrics", server->metrics_address()}, {"tls", tls}});
  }
  return server;
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() { drain(std::chrono::milliseconds::zero()); }

const std::string& Server::address() const { return impl_->address; }

const std::string& Server::metrics_address() const {
  return impl_->metrics == nullptr ? impl_->no_metrics : impl_->metrics->address();
}

std::size_t Server::open_polls() const { return impl_->calls.open_polls(); }

void Server::drain(std::chrono::milliseconds grace) {
  std::call_once(impl_->drained, [this, grace] {
    if (impl_->log != nullptr) {
      impl_->log->write(LogLevel::kInfo, "draining",
                        {{"calls", std::to_string(impl_->calls.under_way())},
                         {"polls", std::to_string(impl_->calls.open_polls())}});
    }
    impl_->acceptor->stop();
    impl_->health.stop();
    impl_->reflection.stop();
    // Shutting down tells clients to go elsewhere, and waits for what the other thread ends.
    std::thread polls([this, grace] { impl_->calls.end_polls(grace + kMore); });
    impl_->server->Shutdown(std::chrono::system_clock::now() + grace);
    polls.join();
    if (impl_->log != nullptr) {
      impl_->log->write(LogLevel::kInfo, "stopped");
    }
  });
}

}  // namespace perdure::server
