#pragma once
// Calls a Frontend in the same process: no serialisation, no socket.
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "client/transport.h"
#include "frontend/frontend.h"

namespace perdure::sdk {

class InProcessTransport : public client::Transport {
 public:
  // `frontend` outlives the transport.
  explicit InProcessTransport(frontend::Frontend& frontend) : frontend_(frontend) {}

  std::uint64_t call(std::string_view method, const google::protobuf::Message& request,
                     google::protobuf::Message* response, std::optional<Duration> timeout,
                     std::function<void(Status)> done) override;
  void cancel(std::uint64_t ticket) override;

 private:
  frontend::Frontend& frontend_;
};

}  // namespace perdure::sdk
