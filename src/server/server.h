#pragma once
// A frontend on a socket: gRPC, as Temporal's clients speak it. Every method of the API's services is one
// entry of one dispatcher; health checks, server reflection and metrics come with it.
//
// Thread-safety: start() and the destructor from one thread, everything else from any.
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "frontend/frontend.h"
#include "server/extra_service.h"
#include "server/limits.h"
#include "server/log.h"
#include "server/metrics.h"

namespace perdure::server {

// PEM files. Empty: no TLS.
struct TlsFiles {
  std::string certificate{};  // the server's chain
  std::string key{};
  std::string client_ca{};  // given: clients must show a certificate that this authority signed
};

struct ServerOptions {
  std::string address = "127.0.0.1:7233";  // HOST:PORT, [IPV6]:PORT; port 0: any free one
  std::string metrics_address{};           // the same, for HTTP; empty: none
  // An address for metrics that is in use is logged, and there are none. Otherwise it is an error.
  bool metrics_optional = false;
  TlsFiles tls{};
  // Serves an address that other machines can reach without TLS. Refused otherwise.
  bool insecure = false;
  std::shared_ptr<const Log> log{};  // null: nothing is logged
  Figures figures{};                 // more metrics; what it needs outlives the server
  std::vector<ExtraService*> extra_services{};
  // How long a client may leave an answer unread before its call is cut off.
  std::chrono::milliseconds answer_patience = limits::kAnswerPatience;
};

class Server {
 public:
  // Binds, and answers as soon as it returns. `frontend` outlives the server. kInvalidArgument: an option
  // cannot be; kFailedPrecondition: a public address without TLS; kUnavailable: the address is in use.
  static Result<std::unique_ptr<Server>> start(frontend::Frontend& frontend, const ServerOptions& options);
  // drain() without a grace.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // HOST:PORT with the port that was bound; of the metrics: empty if there are none.
  const std::string& address() const;
  const std::string& metrics_address() const;

  std::size_t open_polls() const;  // long polls that wait

  // Takes no new connection or call, answers waiting polls with nothing, and returns when the last call is
  // answered; calls that last longer than `grace` are cut off. A second call returns at once.
  void drain(std::chrono::milliseconds grace);

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace perdure::server
