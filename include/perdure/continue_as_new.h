#pragma once
// Continue-as-new: the run ends and a new run of the same workflow id starts with a fresh history.
#include <coroutine>
#include <cstdlib>
#include <string>
#include <utility>

#include "perdure/detail/arguments.h"
#include "perdure/detail/awaitable.h"
#include "perdure/names.h"
#include "perdure/workflow_options.h"

namespace perdure::workflow {

// The request to continue as new. Return it from run():
//   co_return perdure::workflow::continue_as_new<Counter>(count + 1);
// or, where run() returns Task<void>, await it; what follows is not executed:
//   co_await perdure::workflow::continue_as_new<Poller>(cursor);
class [[nodiscard("return or await it")]] ContinueAsNew : public perdure::detail::AwaitableTag {
 public:
  struct Request {
    std::string workflow_type{};
    Payloads arguments{};
    ContinueAsNewOptions options{};
    Headers headers{};  // of interceptors
  };
  struct MakeTag {};

  ContinueAsNew(MakeTag, Request request) : request_(std::move(request)) {}
  const Request& request() const { return request_; }

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>);
  [[noreturn]] void await_resume() const noexcept { std::abort(); }

 private:
  Request request_;
};

}  // namespace perdure::workflow

namespace perdure::detail {

template <class W, class Parameters>
struct ContinueAsNewCall;

template <class W, class... P>
struct ContinueAsNewCall<W, Types<P...>> {
  // Throws OptionsError.
  workflow::ContinueAsNew operator()(std::remove_cvref_t<P>... arguments,
                                     ContinueAsNewOptions options = {}) const {
    validate(options);
    return workflow::ContinueAsNew(workflow::ContinueAsNew::MakeTag{},
                                   {.workflow_type = std::string(workflow_name<W>),
                                    .arguments = encode_arguments<P...>(arguments...),
                                    .options = std::move(options)});
  }
};

}  // namespace perdure::detail

namespace perdure::workflow {

// continue_as_new<W>(arguments of W::run…, ContinueAsNewOptions = {}).
template <class W>
inline constexpr perdure::detail::ContinueAsNewCall<
    W, typename perdure::detail::FunctionTraits<decltype(&W::run)>::Parameters>
    continue_as_new{};

}  // namespace perdure::workflow
