#pragma once
// Services beside the frontend's, on the same socket.
#include <google/protobuf/message.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "frontend/frontend.h"

namespace perdure::server {

// Every method of a linked service, called as the frontend's are (frontend::Frontend::call and cancel). All
// of them may wait. Thread-safe; outlives the server.
class ExtraService {
 public:
  virtual ~ExtraService() = default;
  // "temporal.api.testservice.v1.TestService"
  virtual std::string name() const = 0;
  virtual std::uint64_t call(std::string_view method, const frontend::RequestReader& read,
                             google::protobuf::Message* response, std::function<void(Status)> done) = 0;
  // Answers a call that waits with kCancelled.
  virtual void cancel(std::uint64_t ticket) = 0;
};

}  // namespace perdure::server
