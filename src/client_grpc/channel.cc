#include "client_grpc/channel.h"

#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
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

// gRPC 1.51 starts its callback threads with the first channel that needs them, and its last channel stops
// and joins them where it ends. That is one of these very threads when an answer leads to the end of its
// client, or when a caller is woken by an answer and lets go of its client before the call has: the thread
// joins itself, frees its queue and reads it again. A channel that never ends keeps the threads for good. It
// leads nowhere and opens no connection; its one call makes gRPC count it as a user of the threads.
void keep_callback_threads() {
  struct Keeper {
    grpc::GenericStub stub{grpc::CreateChannel("", nullptr)};
    grpc::ClientContext context;
    grpc::Slice nothing;
    grpc::ByteBuffer request{&nothing, 1};
    grpc::ByteBuffer response;
  };
  [[maybe_unused]] static const Keeper* const forever = [] {
    auto* const keeper = new Keeper;
    keeper->stub.UnaryCall(&keeper->context, "/none/None", {}, &keeper->request, &keeper->response,
                           [](const grpc::Status&) {});
    return keeper;
  }();
}

}  // namespace

std::shared_ptr<grpc::Channel> make_channel(const client::RemoteOptions& options) {
  keep_callback_threads();
  return grpc::CreateCustomChannel(options.address, make_credentials(options.tls), make_arguments(options));
}

}  // namespace perdure::client_grpc
