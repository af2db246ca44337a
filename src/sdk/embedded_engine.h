#pragma once
// The whole service inside this process: store, engine, its thread, and the transport that leads to it.
#include <memory>
#include <string>

#include "base/status.h"
#include "client/transport.h"
#include "frontend/frontend.h"
#include "runtime/clock.h"
#include "runtime/instance.h"
#include "runtime/loop_thread.h"
#include "sdk/in_process_transport.h"

namespace perdure::sdk {

class EmbeddedEngine final : public client::Transport {
 public:
  // Opens or makes the state directory.
  static Result<std::unique_ptr<EmbeddedEngine>> open(const std::string& directory);
  explicit EmbeddedEngine(std::unique_ptr<storage::Storage> storage);
  // Answers what waits, commits what was asked for, closes the store. Not on the engine's own thread, so not
  // from a callback of call().
  ~EmbeddedEngine() override;

  std::uint64_t call(std::string_view method, const google::protobuf::Message& request,
                     google::protobuf::Message* response, std::optional<Duration> timeout,
                     std::function<void(Status)> done) override {
    return transport_.call(method, request, response, timeout, std::move(done));
  }
  void cancel(std::uint64_t ticket) override { transport_.cancel(ticket); }

 private:
  runtime::SystemClock clock_;
  runtime::Instance instance_;
  frontend::Frontend frontend_;
  InProcessTransport transport_;
  runtime::LoopThread thread_;  // last: it runs while the others live
};

}  // namespace perdure::sdk
