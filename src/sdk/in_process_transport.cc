#include "sdk/in_process_transport.h"

#include <utility>

namespace perdure::sdk {

std::uint64_t InProcessTransport::call(std::string_view method, const google::protobuf::Message& request,
                                       google::protobuf::Message* response, std::optional<Duration> timeout,
                                       std::function<void(Status)> done) {
  return frontend_.call(method, request, response, {timeout, /*in_process=*/true}, std::move(done));
}

void InProcessTransport::cancel(std::uint64_t ticket) { frontend_.cancel(ticket); }

}  // namespace perdure::sdk
