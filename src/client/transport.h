#pragma once
// How a client or worker reaches a service: in its own process, or over gRPC. One call of one RPC at a time,
// by name, with the API's own messages.
#include <google/protobuf/message.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "base/status.h"
#include "base/time.h"

namespace perdure::client {

class Transport {
 public:
  virtual ~Transport() = default;

  // Starts the call. `request` is read during this function only; `response` must stay alive until `done`,
  // which is called exactly once, on any thread, and must not block. Thread-safe. Returns a ticket for
  // cancel().
  virtual std::uint64_t call(std::string_view method, const google::protobuf::Message& request,
                             google::protobuf::Message* response, std::optional<Duration> timeout,
                             std::function<void(Status)> done) = 0;
  // Ends a call that still waits with kCancelled.
  virtual void cancel(std::uint64_t ticket) = 0;
  // Does what the service has to do, on this thread, if it runs in this process without a thread of its own.
  // Thread-safe. Afterwards every call is answered that waits for nothing else than the service.
  virtual void drive() {}
};

// Blocks until the call is done.
Status call_and_wait(Transport& transport, std::string_view method, const google::protobuf::Message& request,
                     google::protobuf::Message* response, std::optional<Duration> timeout = std::nullopt);

}  // namespace perdure::client
