#include "client_grpc/channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <chrono>
#include <string>

#include "perdure/version.h"

namespace perdure::client_grpc {
namespace {

// As Temporal's SDKs. Servers bound what they take at 4 MiB, but pages of histories may be larger.
constexpr int kMaxReceived = 128 << 20;
// Status details come in headers; gRPC's own limit is 8 KiB.
constexpr int kMaxHeaders = 64 << 10;
// A server that comes back is found again soon: gRPC's own pauses grow to two minutes.
constexpr int kFirstReconnectMs = 100;
constexpr int kLongestReconnectMs = 2'000;

int to_milliseconds(Duration duration) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

std::shared_ptr<grpc::ChannelCredentials> make_credentials(const std::optional<client::RemoteTls>& tls) {
  if (!tls) {
    return grpc::InsecureChannelCredentials();
  }
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = tls->server_root_ca_cert;
  options.pem_cert_chain = tls->client_cert;
  options.pem_private_key = tls->client_private_key;
  return grpc::SslCredentials(options);
}

grpc::ChannelArguments make_arguments(const client::RemoteOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetUserAgentPrefix(std::string("perdure-cpp/") + kVersion);
  arguments.SetMaxReceiveMessageSize(kMaxReceived);
  arguments.SetMaxSendMessageSize(-1);  // the receiver's limit decides
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, kMaxHeaders);
  // client::Retry decides what is tried again; two layers would multiply their attempts.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstReconnectMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLongestReconnectMs);
  // Clients share no socket, so that closing one closes its own.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  if (options.keep_alive) {
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, to_milliseconds(options.keep_alive->interval));
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, to_milliseconds(options.keep_alive->timeout));
    arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  }
  if (options.gzip) {
    arguments.SetCompressionAlgorithm(GRPC_COMPRESS_GZIP);
  }
  if (options.tls && !options.tls->domain.empty()) {
    arguments.SetSslTargetNameOverride(options.tls->domain);
    arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, options.tls->domain);
  }
  return arguments;
}

}  // namespace

std::shared_ptr<grpc::Channel> make_channel(const client::RemoteOptions& options) {
  return grpc::CreateCustomChannel(options.address, make_credentials(options.tls), make_arguments(options));
}

}  // namespace perdure::client_grpc
