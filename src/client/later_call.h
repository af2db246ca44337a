#pragma once
// Calls without a thread that waits for the answer: for programs that run us on their own loop. What happens
// to an answer, from decoding to what users gave, happens on that loop.
#include <google/protobuf/message.h>

#include <exception>
#include <functional>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "client/connection.h"
#include "client/prepared_call.h"
#include "perdure/async.h"

namespace perdure::client {

// As call_with_retry. `done` gets what the codec threw, if it did. It is dropped when the connection ends
// before there is an answer: a call does not keep the connection, which may be the service itself.
void call_later(const std::shared_ptr<Connection>& connection, std::string_view method,
                const std::shared_ptr<const google::protobuf::Message>& request,
                std::shared_ptr<google::protobuf::Message> response, CallKind kind,
                std::function<void(const Status& status, const std::exception_ptr& codec_error)> done);

// What `call` gives, or throws, as a value.
template <class Output, class Call>
Answer<Output> answer_of(const Call& call) {
  try {
    if constexpr (std::is_void_v<Output>) {
      call();
      return Answer<Output>(std::monostate());
    } else {
      return Answer<Output>(call());
    }
  } catch (...) {
    return Answer<Output>(std::current_exception());
  }
}

template <class Output>
void make_call_later(const std::shared_ptr<Connection>& connection, PreparedCall<Output> call,
                     std::function<void(Answer<Output>)> done) {
  const std::string_view method = call.method;
  const auto request = call.request;
  const auto response = call.response;
  call_later(connection, method, request, response, CallKind::kCall,
             [call = std::move(call), done = std::move(done)](const Status& status,
                                                              const std::exception_ptr& codec_error) {
               done(answer_of<Output>([&] {
                 if (codec_error != nullptr) {
                   std::rethrow_exception(codec_error);
                 }
                 return call.read(status);
               }));
             });
}

}  // namespace perdure::client
