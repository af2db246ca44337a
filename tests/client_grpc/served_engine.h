#pragma once
// The service on a store in memory, to be put behind a TestServer, and a client's clock on which pauses take
// no time.
#include <memory>
#include <mutex>
#include <vector>

#include "client/connection.h"
#include "host/engine.h"
#include "tests/client_grpc/test_server.h"

namespace client_grpc_test {

class ServedEngine {
 public:
  ServedEngine();

  // Answers one call of the workflow service, sooner or later.
  void serve(const std::shared_ptr<ServedCall>& call);
  // serve(), as the handler of a TestServer.
  Handler handler() {
    return [this](const std::shared_ptr<ServedCall>& call) { serve(call); };
  }

 private:
  perdure::host::Engine engine_;
};

class InstantPacer final : public perdure::client::Pacer {
 public:
  perdure::Timestamp now() override;
  void pause(Duration duration) override;
  std::vector<Duration> pauses() const;

 private:
  mutable std::mutex mutex_;
  perdure::Timestamp now_{1};
  std::vector<Duration> pauses_;
};

}  // namespace client_grpc_test
