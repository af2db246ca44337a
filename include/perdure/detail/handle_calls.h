#pragma once
// The calls of workflow handles that name a handler: signal, query, execute_update, start_update. Their
// parameters are the handler's own, so that literals and braces convert and a wrong argument is one line of
// diagnosis; hence an overload for each number of them.
#include <string>

#include "perdure/client_options.h"
#include "perdure/detail/call.h"
#include "perdure/names.h"

namespace perdure::detail {

// Self has send_signal, send_query<R>, send_execute_update<R> and send_start_update<R>.
template <class Self>
class HandleCalls {
 public:
  // signal<&Order::approve>(arguments of Order::approve…): returns when the signal is durable.
  template <auto Handler>
    requires(kArity<Handler> == 0)
  auto signal() const {
    return self().send_signal(std::string(signal_name<Handler>), encode_call<Handler>());
  }

  template <auto Handler>
    requires(kArity<Handler> == 1)
  auto signal(Argument<Handler, 0> a0) const {
    return self().send_signal(std::string(signal_name<Handler>), encode_call<Handler>(a0));
  }

  template <auto Handler>
    requires(kArity<Handler> == 2)
  auto signal(Argument<Handler, 0> a0, Argument<Handler, 1> a1) const {
    return self().send_signal(std::string(signal_name<Handler>), encode_call<Handler>(a0, a1));
  }

  template <auto Handler>
    requires(kArity<Handler> == 3)
  auto signal(Argument<Handler, 0> a0, Argument<Handler, 1> a1, Argument<Handler, 2> a2) const {
    return self().send_signal(std::string(signal_name<Handler>), encode_call<Handler>(a0, a1, a2));
  }

  template <auto Handler>
    requires(kArity<Handler> == 4)
  auto signal(Argument<Handler, 0> a0, Argument<Handler, 1> a1, Argument<Handler, 2> a2,
              Argument<Handler, 3> a3) const {
    return self().send_signal(std::string(signal_name<Handler>), encode_call<Handler>(a0, a1, a2, a3));
  }

  template <auto Handler>
    requires(kArity<Handler> == 5)
  auto signal(Argument<Handler, 0> a0, Argument<Handler, 1> a1, Argument<Handler, 2> a2,
              Argument<Handler, 3> a3, Argument<Handler, 4> a4) const {
    return self().send_signal(std::string(signal_name<Handler>), encode_call<Handler>(a0, a1, a2, a3, a4));
  }

  template <auto Handler>
    requires(kArity<Handler> == 6)
  auto signal(Argument<Handler, 0> a0, Argument<Handler, 1> a1, Argument<Handler, 2> a2,
              Argument<Handler, 3> a3, Argument<Handler, 4> a4, Argument<Handler, 5> a5) const {
    return self().send_signal(std::string(signal_name<Handler>),
                              encode_call<Handler>(a0, a1, a2, a3, a4, a5));
  }

  // query<&Order::status>(arguments of Order::status…): what the workflow answers. Throws
  // WorkflowQueryFailedError, WorkflowQueryRejectedError; RpcError when no worker answers in time.
  template <auto Handler>
    requires(kArity<Handler> == 0)
  auto query(const QueryOptions& options = {}) const {
    return self().template send_query<QueryResultOf<Handler>>(std::string(query_name<Handler>),
                                                              encode_call<Handler>(), options);
  }

  template <auto Handler>
    requires(kArity<Handler> == 1)
  auto query(Argument<Handler, 0> a0, const QueryOptions& options = {}) const {
    return self().template send_query<QueryResultOf<Handler>>(std::string(query_name<Handler>),
                                                              encode_call<Handler>(a0), options);
  }

  template <auto Handler>
    requires(kArity<Handler> == 2)
  auto query(Argument<Handler, 0> a0, Argument<Handler, 1> a1, const QueryOptions& options = {}) const {
    return self().template send_query<QueryResultOf<Handler>>(std::string(query_name<Handler>),
                                                              encode_call<Handler>(a0, a1), options);
  }

  template <auto Handler>
    requires(kArity<Handler> == 3)
  auto query(Argument<Handler, 0> a0, Argument<Handler, 1> a1, Argument<Handler, 2> a2,
             const QueryOptions& options = {}) const {
    return self().template send_query<QueryResultOf<Handler>>(std::string(query_name<Handler>),
                                                              encode_call<Handler>(a0, a1, a2), options);
  }

  template <auto Handler>
    requires(kArity<Handler> == 4)
  auto query(Argument<Handler, 0> a0, Argument<Handler, 1> a1, Argument<Handler, 2> a2,
             Argument<Handler, 3> a3, const QueryOptions& options = {}) const {
    return self().template send_query<QueryResultOf<Handler>>(std::string(query_name<Handler>),
                                                              encode_call<Handler>(a0, a1, a2, a3), options);
  }

  template <auto Handler>
    requires(kArity<Handler> == 5)
  auto query(Argument<Handler, 0> a0, Argument<Handler, 1> a1, Argument<Handler, 2> a2,
             Argument<Handler, 3> a3, Argument<Handler, 4> a4, const QueryOptions& options = {}) const {
    return self().template send_query<QueryResultOf<Handler>>(
        std::string(query_name<Handler>), encode_call<Handler>(a0, a1, a2, a3, a4), options);
  }

  template <auto Handler>
    requires(kArity<Handler> == 6)
  auto query(Argument<Handler, 0> a0, Argument<Handler, 1> a1, Argument<Handler, 2> a2,
             Argument<Handler, 3> a3, Argument<Handler, 4> a4, Argument<Handler, 5> a5,
             const QueryOptions& options = {}) const {
    return self().template send_query<QueryResultOf<Handler>>(
        std::string(query_name<Handler>), encode_call<Handler>(a0, a1, a2, a3, a4, a5), options);
  }

  // execute_update<&Cart::add_item>(arguments of Cart::add_item…): waits for what the handler gives. Throws
  // WorkflowUpdateFailedError, whose cause() says what happened.
  template <auto Handler>
    requires(kArity<Handler> == 0)
  auto execute_update(const UpdateOptions& options = {}) const {
    return self().template send_execute_update<UpdateResultOf<Handler>>(std::string(update_name<Handler>),
                                                                        encode_call<Handler>(), options);
  }

  template <auto Handler>
    requires(kArity<Handler> == 1)
  auto execute_update(Argument<Handler, 0> a0, const UpdateOptions& options = {}) const {
    return self().template send_execute_update<UpdateResultOf<Handler>>(std::string(update_name<Handler>),
                                                                        encode_call<Handler>(a0), options);
  }

  template <auto Handler>
    requires(kArity<Handler> == 2)
  auto execute_update(Argument<Handler, 0> a0, Argument<Handler, 1> a1,
                      const UpdateOptions& options = {}) const {
    return self().template send_execute_update<UpdateResultOf<Handler>>(
        std::string(update_name<Handler>), encode_call<Handler>(a0, a1), options);
  }

  template <auto Handler>
    requires(kArity<Handler> == 3)
  auto execute_update(Argument<Handler, 0> a0, Argument<Handler, 1> a1, Argument<Handler, 2> a2,
                      const UpdateOptions& options = {}) const {
    return self().template send_execute_update<UpdateResultOf<Handler>>(
        std::string(update_name<Handler>), encode_call<Handler>(a0, a1, a2), options);
  }

  template <auto Handler>
    requires(kArity<Handler> == 4)
  auto execute_update(Argument<Handler, 0> a0, Argument<Handler, 1> a1, Argument<Handler, 2> a2,
                      Argument<Handler, 3> a3, const UpdateOptions& options = {}) const {
    return self().template send_execute_update<UpdateResultOf<Handler>>(
        std::string(update_name<Handler>), encode_call<Handler>(a0, a1, a2, a3), options);
  }

  template <auto Handler>
    requires(kArity<Handler> == 5)
  auto execute_update(Argument<Handler, 0> a0, Argument<Handler, 1> a1, Argument<Handler, 2> a2,
                      Argument<Handler, 3> a3, Argument<Handler, 4> a4,
                      const UpdateOptions& options = {}) const {
    return self().template send_execute_update<UpdateResultOf<Handler>>(
        std::string(update_name<Handler>), encode_call<Handler>(a0, a1, a2, a3, a4), options);
  }

  template <auto Handler>
    requires(kArity<Handler> == 6)
  auto execute_update(Argument<Handler, 0> a0, Argument<Handler, 1> a1, Argument<Handler, 2> a2,
                      Argument<Handler, 3> a3, Argument<Handler, 4> a4, Argument<Handler, 5> a5,
                      const UpdateOptions& options = {}) const {
    return self().template send_execute_update<UpdateResultOf<Handler>>(
        std::string(update_name<Handler>), encode_call<Handler>(a0, a1, a2, a3, a4, a5), options);
  }

  // start_update<&Cart::add_item>(arguments…, {.wait_for_stage = …}): the same, and returns a handle as soon
  // as the update was accepted, or refused, which result() tells.
  template <auto Handler>
    requires(kArity<Handler> == 0)
  auto start_update(const StartUpdateOptions& options = {}) const {
    return self().template send_start_update<UpdateResultOf<Handler>>(std::string(update_name<Handler>),
                                                                      encode_call<Handler>(), options);
  }

  template <auto Handler>
    requires(kArity<Handler> == 1)
  auto start_update(Argument<Handler, 0> a0, const StartUpdateOptions& options = {}) const {
    return self().template send_start_update<UpdateResultOf<Handler>>(std::string(update_name<Handler>),
                                                                      encode_call<Handler>(a0), options);
  }

  template <auto Handler>
    requires(kArity<Handler> == 2)
  auto start_update(Argument<Handler, 0> a0, Argument<Handler, 1> a1,
                    const StartUpdateOptions& options = {}) const {
    return self().template send_start_update<UpdateResultOf<Handler>>(std::string(update_name<Handler>),
                                                                      encode_call<Handler>(a0, a1), options);
  }

  template <auto Handler>
    requires(kArity<Handler> == 3)
  auto start_update(Argument<Handler, 0> a0, Argument<Handler, 1> a1, Argument<Handler, 2> a2,
                    const StartUpdateOptions& options = {}) const {
    return self().template send_start_update<UpdateResultOf<Handler>>(
        std::string(update_name<Handler>), encode_call<Handler>(a0, a1, a2), options);
  }

  template <auto Handler>
    requires(kArity<Handler> == 4)
  auto start_update(Argument<Handler, 0> a0, Argument<Handler, 1> a1, Argument<Handler, 2> a2,
                    Argument<Handler, 3> a3, const StartUpdateOptions& options = {}) const {
    return self().template send_start_update<UpdateResultOf<Handler>>(
        std::string(update_name<Handler>), encode_call<Handler>(a0, a1, a2, a3), options);
  }

  template <auto Handler>
    requires(kArity<Handler> == 5)
  auto start_update(Argument<Handler, 0> a0, Argument<Handler, 1> a1, Argument<Handler, 2> a2,
                    Argument<Handler, 3> a3, Argument<Handler, 4> a4,
                    const StartUpdateOptions& options = {}) const {
    return self().template send_start_update<UpdateResultOf<Handler>>(
        std::string(update_name<Handler>), encode_call<Handler>(a0, a1, a2, a3, a4), options);
  }

  template <auto Handler>
    requires(kArity<Handler> == 6)
  auto start_update(Argument<Handler, 0> a0, Argument<Handler, 1> a1, Argument<Handler, 2> a2,
                    Argument<Handler, 3> a3, Argument<Handler, 4> a4, Argument<Handler, 5> a5,
                    const StartUpdateOptions& options = {}) const {
    return self().template send_start_update<UpdateResultOf<Handler>>(
        std::string(update_name<Handler>), encode_call<Handler>(a0, a1, a2, a3, a4, a5), options);
  }

  // Those that this program knows by name only: signal("approve", "me"), query_by_name<int>("total", {}).
  template <class... A>
  auto signal(const std::string& name, const A&... arguments) const {
    return self().send_signal(name, to_payloads(arguments...));
  }
  template <class R = Payload, class... A>
  auto query_by_name(const std::string& name, const QueryOptions& options, const A&... arguments) const {
    return self().template send_query<R>(name, to_payloads(arguments...), options);
  }
  template <class R = Payload, class... A>
  auto execute_update_by_name(const std::string& name, const UpdateOptions& options,
                              const A&... arguments) const {
    return self().template send_execute_update<R>(name, to_payloads(arguments...), options);
  }
  template <class R = Payload, class... A>
  auto start_update_by_name(const std::string& name, const StartUpdateOptions& options,
                            const A&... arguments) const {
    return self().template send_start_update<R>(name, to_payloads(arguments...), options);
  }

 private:
  const Self& self() const { return static_cast<const Self&>(*this); }
};

}  // namespace perdure::detail