#pragma once
// A frontend on a socket: gRPC, as Temporal's clients speak it. Every method of the API's services is one
// entry of one dispatcher; health checks and server reflection come with it.
//
// Thread-safety: start() and the destructor from one thread, everything else from any.
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "base/status.h"
#include "frontend/frontend.h"

namespace perdure::server {

// PEM files. Empty: no TLS.
struct TlsFiles {
  std::string certificate{};  // the server's chain
  std::string key{};
  std::string client_ca{};  // given: clients must show a certificate that this authority signed
};

struct ServerOptions {
  std::string address = "127.0.0.1:7233";  // HOST:PORT, [IPV6]:PORT; port 0: any free one
  TlsFiles tls{};
  // Serves an address that other machines can reach without TLS. Refused otherwise.
  bool insecure = false;
};

class Server {
 public:
  // Binds, and answers as soon as it returns. `frontend` outlives the server. kInvalidArgument: an option
  // cannot be; kFailedPrecondition: a public address without TLS; kUnavailable: the address is in use.
  static Result<std::unique_ptr<Server>> start(frontend::Frontend& frontend, ServerOptions options);
  // drain() without a grace.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // HOST:PORT with the port that was bound.
  const std::string& address() const;

  // Takes no new connection or call, answers waiting polls with nothing, and returns when the last call is
  // answered; calls that last longer than `grace` are cut off. A second call returns at once.
  void drain(std::chrono::milliseconds grace);

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace perdure::server
