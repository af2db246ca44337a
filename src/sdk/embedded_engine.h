#pragma once
// The service inside this process, and the transport that leads to it.
#include <memory>
#include <string>

#include "base/status.h"
#include "client/transport.h"
#include "host/engine.h"
#include "sdk/in_process_transport.h"

namespace perdure::sdk {

// Destroyed on another thread than the engine's own, so not from a callback of call().
class EmbeddedEngine final : public client::Transport {
 public:
  // Opens or makes the state directory.
  static Result<std::unique_ptr<EmbeddedEngine>> open(const std::string& directory);
  explicit EmbeddedEngine(std::unique_ptr<host::Engine> engine);

  std::uint64_t call(std::string_view method, const google::protobuf::Message& request,
                     google::protobuf::Message* response, std::optional<Duration> timeout,
                     std::function<void(Status)> done) override {
    return transport_.call(method, request, response, timeout, std::move(done));
  }
  void cancel(std::uint64_t ticket) override { transport_.cancel(ticket); }

  // For other transports to the same engine.
  host::Engine& engine() { return *engine_; }

 private:
  std::unique_ptr<host::Engine> engine_;
  InProcessTransport transport_;
};

}  // namespace perdure::sdk
