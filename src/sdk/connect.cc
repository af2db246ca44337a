#include <string_view>
#include <utility>

#include "client/connection.h"
#include "client/remote.h"
#include "perdure/client.h"
#include "sdk/embedded_engine.h"
#include "sdk/remote_options.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure {
namespace {

namespace service = temporal::api::workflowservice::v1;

constexpr std::string_view kFileScheme = "file:";

[[noreturn]] void refuse(const std::string& target) {
  if (target.empty()) {
    throw OptionsError("Client::connect needs a target: \"file:DIRECTORY\" or \"HOST:PORT\"");
  }
  if (target.find("://") != std::string::npos) {
    throw OptionsError("Client::connect does not know the scheme of \"" + target +
                       "\"; a target is \"file:DIRECTORY\" or \"HOST:PORT\"");
  }
  if (target.find(':') != std::string::npos) {
    throw OptionsError("Client::connect does not understand \"" + target +
                       "\": HOST:PORT needs a port from 1 to 65535 and, around an IPv6 address, brackets");
  }
  throw OptionsError("Client::connect does not understand \"" + target + "\"; did you mean \"file:" + target +
                     "\", or \"" + target + ":7233\"?");
}

client::Extensions extensions_of(const ConnectOptions& options) {
  client::Extensions extensions = client::extensions_of(options);
  if (options.executor != nullptr) {
    extensions.caller_loop = client::CallerLoop::make(options.executor);
  }
  return extensions;
}

std::shared_ptr<client::Connection> open_engine(const std::string& directory, const ConnectOptions& options) {
  client::Extensions extensions = extensions_of(options);
  const bool on_loop = extensions.caller_loop != nullptr && !options.engine_thread;
  auto engine =
      sdk::EmbeddedEngine::open(directory, on_loop ? extensions.caller_loop->make_queue() : nullptr);
  if (!engine.ok()) {
    throw RpcError(static_cast<RpcStatusCode>(engine.status().code()), engine.status().message());
  }
  auto connection = std::make_shared<client::Connection>(std::move(engine).value(), options.namespace_name,
                                                         options.identity, /*in_process=*/true,
                                                         client::make_system_pacer(), std::move(extensions));
  connection->log_to(&write_log);
  return connection;
}

// Asks the server what it is, which shows whether there is one.
void greet(client::Connection& connection, const client::RemoteOptions& remote) {
  service::GetSystemInfoResponse answer;
  const Status status = client::call_with_retry(connection, "GetSystemInfo", service::GetSystemInfoRequest(),
                                                &answer, client::CallKind::kConnect);
  if (status.ok() || status.code() == Code::kUnimplemented) {
    return;  // the oldest servers do not have the method
  }
  const bool silent = status.code() == Code::kUnavailable || status.code() == Code::kDeadlineExceeded;
  throw RpcError(static_cast<RpcStatusCode>(status.code()),
                 (silent ? "no server answers at " : "refused by the server at ") + remote.address +
                     (remote.tls ? " (with TLS)" : " (without TLS)") + ": " + status.message());
}

std::shared_ptr<client::Connection> dial(const std::string& address, const ConnectOptions& options) {
  if (&client::make_grpc_transport == nullptr) {
    throw OptionsError("Client::connect cannot reach \"" + address +
                       "\" because this program is built without gRPC: link perdure::grpc "
                       "(target_link_libraries(… perdure::grpc)), or use \"file:DIRECTORY\", which runs the "
                       "service inside this program");
  }
  if (options.engine_thread) {
    throw OptionsError("ConnectOptions.engine_thread is for \"file:DIRECTORY\"; the engine of \"" + address +
                       "\" is elsewhere");
  }
  const client::RemoteOptions remote = sdk::remote_options(address, options);
  auto connection = std::make_shared<client::Connection>(
      client::make_grpc_transport(remote), options.namespace_name, options.identity, /*in_process=*/false,
      client::make_system_pacer(), extensions_of(options));
  connection->log_to(&write_log);
  if (!options.lazy) {
    greet(*connection, remote);
  }
  return connection;
}

}  // namespace

Client Client::connect(const std::string& target, ConnectOptions options) {
  if (target.starts_with(kFileScheme)) {
    const std::string directory = target.substr(kFileScheme.size());
    if (directory.empty()) {
      throw OptionsError("Client::connect(\"file:\") needs a directory, e.g. \"file:./state\"");
    }
    sdk::refuse_remote_options(target, options);
    return Client(open_engine(directory, options));
  }
  if (sdk::is_address(target)) {
    return Client(dial(target, options));
  }
  refuse(target);
}

}  // namespace perdure
