#pragma once
// Serving the engine that is embedded in this program, so that other programs, in any of Temporal's
// languages, and Temporal's tools reach it while it runs. Programs that include this link perdure::server.
//
//   auto client = perdure::Client::connect("file:./state");
//   const auto server = perdure::serve(client, "127.0.0.1:7233");
#include <chrono>
#include <memory>
#include <string>

#include "perdure/client.h"

namespace perdure {

struct ServeOptions {
  // PEM files; empty: no TLS.
  std::string tls_certificate{};
  std::string tls_key{};
  std::string tls_client_ca{};  // given: clients must show a certificate that this authority signed
  // Serves an address that other machines can reach without TLS.
  bool insecure = false;
  std::string metrics_address{};  // HOST:PORT on which Prometheus gets /metrics; empty: none
};

// Serves until it is destroyed or stopped; keeps the engine alive that long. Movable; use from one thread, of
// an engine on the program's own loop (ConnectOptions::executor) the loop's: calls from outside are then
// carried out there.
class EngineServer {
 public:
  ~EngineServer();
  EngineServer(EngineServer&&) noexcept;
  EngineServer& operator=(EngineServer&&) noexcept;

  // HOST:PORT, with the port that was chosen if 0 was asked for.
  const std::string& address() const;
  const std::string& metrics_address() const;  // empty: none

  // Takes no call any more and returns when those under way are answered, at the latest after `grace`;
  // waiting polls are answered with nothing. Address and metrics are gone afterwards. The destructor does it
  // without a grace.
  void stop(std::chrono::milliseconds grace = std::chrono::seconds(5));

  struct Impl;
  explicit EngineServer(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

// `address`: HOST:PORT; port 0: any free one. Throws OptionsError if `client` is not connected to an engine
// in this program ("file:DIR"), if the address or an option cannot be, or if other machines could reach the
// address and there is no TLS; RpcError if the address is in use.
[[nodiscard]] EngineServer serve(const Client& client, const std::string& address, ServeOptions options = {});

}  // namespace perdure
