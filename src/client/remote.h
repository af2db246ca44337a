#pragma once
// Reaching a server. This room knows how a connection to one is described; src/client_grpc makes it.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/status.h"
#include "base/time.h"
#include "client/transport.h"

namespace perdure::client {

// All in PEM. Empty: the system's authorities, no certificate of the client's own.
struct RemoteTls {
  std::string server_root_ca_cert;
  std::string domain;  // the name that the server's certificate must have; empty: the host
  std::string client_cert;
  std::string client_private_key;
};

struct RemoteKeepAlive {
  Duration interval{};
  Duration timeout{};
};

struct RemoteOptions {
  std::string address;           // HOST:PORT
  std::optional<RemoteTls> tls;  // none: no TLS
  std::optional<RemoteKeepAlive> keep_alive;
  bool gzip = false;
  // Sent with every call: lower-case names, and values that may stand in a header.
  std::map<std::string, std::string> metadata;
};

// Defined in src/client_grpc. Weak: a program that does not link that room links all the same, and finds a
// null pointer here. Nothing is sent yet; a target that cannot be reached shows at the first call.
[[gnu::weak]] std::unique_ptr<Transport> make_grpc_transport(const RemoteOptions& options);

}  // namespace perdure::client
