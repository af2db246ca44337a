#pragma once
// The service inside this process, and the transport that leads to it.
#include <memory>
#include <string>

#include "base/status.h"
#include "client/transport.h"
#include "host/engine.h"
#include "sdk/in_process_transport.h"

namespace perdure::sdk {

// Not destroyed from a callback of call(), nor on the engine's own thread if it has one.
class EmbeddedEngine final : public client::Transport {
 public:
  // Opens or makes the state directory. `loop`: see host::Engine.
  static Result<std::unique_ptr<EmbeddedEngine>> open(const std::string& directory,
                                                      std::unique_ptr<EventLoop> loop = nullptr);
  explicit EmbeddedEngine(std::unique_ptr<host::Engine> engine);

  std::uint64_t call(std::string_view method, const google::protobuf::Message& request,
                     google::protobuf::Message* response, std::optional<Duration> timeout,
                     std::function<void(Status)> done) override {
    return transport_.call(method, request, response, timeout, std::move(done));
  }
  void cancel(std::uint64_t ticket) override { transport_.cancel(ticket); }
  void drive() override { engine_->drive(); }

  // For other transports to the same engine.
  host::Engine& engine() { return *engine_; }

 private:
  std::unique_ptr<host::Engine> engine_;
  InProcessTransport transport_;
};

}  // namespace perdure::sdk
