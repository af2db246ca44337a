#pragma once
// One call of a client's, made ready: so that it is described once, and made either by a thread that waits or
// without one (later_call.h).
#include <google/protobuf/message.h>

#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "client/connection.h"
#include "client/retry.h"

namespace perdure::client {

template <class Output>
struct PreparedCall {
  std::string_view method;  // a literal
  std::shared_ptr<const google::protobuf::Message> request;
  std::shared_ptr<google::protobuf::Message> response;
  // What the answer means; throws what a failed call throws. `response` is filled if the status is OK.
  std::function<Output(const Status& status)> read;
};

// `read` is given the response, too.
template <class Output, class Response, class Request, class Read>
PreparedCall<Output> prepare(std::string_view method, Request request, Read read) {
  auto response = std::make_shared<Response>();
  Response* received = response.get();
  return {method, std::make_shared<const Request>(std::move(request)), std::move(response),
          [received, read = std::move(read)](const Status& status) { return read(status, *received); }};
}

// Blocks.
template <class Output>
Output make_call(Connection& connection, const PreparedCall<Output>& call) {
  return call.read(call_with_retry(connection, call.method, *call.request, call.response.get()));
}

}  // namespace perdure::client
