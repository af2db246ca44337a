#pragma once
// A call that is made again until its answer says enough: long polls.
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "client/connection.h"
#include "client/later_call.h"
#include "perdure/async.h"

namespace perdure::client {

// Blocks. A Call has request, read() and kMethod as those of update_calls.h.
template <class Call>
typename Call::Output make_repeated_call(Connection& connection, const Call& call) {
  while (true) {
    typename Call::Response response;
    const Status status =
        call_with_retry(connection, Call::kMethod, call.request, &response, CallKind::kLongPoll);
    if (std::optional<typename Call::Output> output = call.read(status, response)) {
      return *std::move(output);
    }
  }
}

// The same without a thread that waits; see later_call.h.
template <class Call>
void make_repeated_call_later(const std::shared_ptr<Connection>& connection,
                              const std::shared_ptr<const Call>& call,
                              std::function<void(Answer<typename Call::Output>)> done) {
  using Output = typename Call::Output;
  auto response = std::make_shared<typename Call::Response>();
  const auto* received = response.get();
  call_later(connection, Call::kMethod,
             std::shared_ptr<const google::protobuf::Message>(call, &call->request), std::move(response),
             CallKind::kLongPoll,
             [weak = std::weak_ptr(connection), call, received, done = std::move(done)](
                 const Status& status, const std::exception_ptr& codec_error) {
               std::optional<Output> output;
               try {
                 if (codec_error != nullptr) {
                   std::rethrow_exception(codec_error);
                 }
                 output = call->read(status, *received);
               } catch (...) {
                 done(Answer<Output>(std::current_exception()));
                 return;
               }
               if (output) {
                 done(Answer<Output>(*std::move(output)));
               } else if (const std::shared_ptr<Connection> alive = weak.lock()) {
                 make_repeated_call_later<Call>(alive, call, done);
               }
             });
}

}  // namespace perdure::client
