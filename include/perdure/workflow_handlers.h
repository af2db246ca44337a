#pragma once
// Handlers that workflow code sets while it runs, beside those of the class (signals.h, queries.h,
// updates.h), and what there is to know about them.
//
//   workflow::set_signal_handler("pause", [this](std::string why) { … });
//   co_await workflow::wait_condition([] { return workflow::all_handlers_finished(); });
//
// A handler that is set takes the place of one of the same name; nullptr takes it away. Signals that came
// before their handler waited for it. A dynamic handler takes a name and perdure::Payloads, for all names
// that have no handler.
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "perdure/detail/handlers.h"
#include "perdure/detail/workflow_context.h"
#include "perdure/workflow_info.h"

namespace perdure::detail {

// The types of a function object that is not a template.
template <class F>
struct CallableTraits : FunctionTraits<decltype(&F::operator())> {};
template <class R, class... P>
struct CallableTraits<R (*)(P...)> : FunctionTraits<R (*)(P...)> {};

// Shared with the frames of its calls, so that a handler that is replaced lives until they have ended.
template <class F>
struct SharedCall {
  std::shared_ptr<F> function;
  template <class... A>
  decltype(auto) operator()(A&&... arguments) const {
    return (*function)(std::forward<A>(arguments)...);
  }
};

template <bool dynamic, class F>
SignalHandler make_signal_handler(F function) {
  using Traits = CallableTraits<F>;
  check_signal_result<typename Traits::Result>();
  check_dynamic_parameters<dynamic>(typename Traits::Parameters{});
  const SharedCall<F> call{std::make_shared<F>(std::move(function))};
  return {[call](const std::string& signal, const Payloads& arguments) {
            return run_signal_call<typename Traits::Result>(
                call, handler_arguments<dynamic>(signal, arguments, typename Traits::Parameters{}));
          },
          false};
}

template <bool dynamic, class F>
QueryHandler make_query_handler(F function) {
  using Traits = CallableTraits<F>;
  check_dynamic_parameters<dynamic>(typename Traits::Parameters{});
  const SharedCall<F> call{std::make_shared<F>(std::move(function))};
  if constexpr (check_query_result<typename Traits::Result>()) {
    return {[call](const std::string& query, const Payloads& arguments) {
      return answer_query_call(call,
                               handler_arguments<dynamic>(query, arguments, typename Traits::Parameters{}));
    }};
  } else {
    return {};
  }
}

template <bool dynamic, class F>
UpdateHandler make_update_handler(F function) {
  using Traits = CallableTraits<F>;
  check_dynamic_parameters<dynamic>(typename Traits::Parameters{});
  const SharedCall<F> call{std::make_shared<F>(std::move(function))};
  return {nullptr,
          [call](const std::string& update, const Payloads& arguments) {
            return run_update_call<typename Traits::Result>(
                call, handler_arguments<dynamic>(update, arguments, typename Traits::Parameters{}));
          },
          false};
}

template <bool dynamic, class F, class V>
UpdateHandler make_update_handler(F function, V validator) {
  using Traits = CallableTraits<V>;
  static_assert(std::is_void_v<typename Traits::Result>,
                "perdure: a validator returns void; it refuses an update by throwing");
  UpdateHandler handler = make_update_handler<dynamic>(std::move(function));
  const auto shared = std::make_shared<V>(std::move(validator));
  handler.validate = [shared](const std::string& update, const Payloads& arguments) {
    auto decoded = handler_arguments<dynamic>(update, arguments, typename Traits::Parameters{});
    std::apply([&](auto&... values) { (*shared)(std::move(values)...); }, decoded);
  };
  return handler;
}

}  // namespace perdure::detail

namespace perdure::workflow {

// `handler` returns void or Task<void>.
template <class F>
void set_signal_handler(const std::string& name, F handler) {
  perdure::detail::current_context("workflow::set_signal_handler")
      .set_signal_handler(name, perdure::detail::make_signal_handler<false>(std::move(handler)));
}
template <class F>
void set_dynamic_signal_handler(F handler) {
  perdure::detail::current_context("workflow::set_dynamic_signal_handler")
      .set_signal_handler("", perdure::detail::make_signal_handler<true>(std::move(handler)));
}
// `handler` returns the answer, and must change nothing.
template <class F>
void set_query_handler(const std::string& name, F handler) {
  perdure::detail::current_context("workflow::set_query_handler")
      .set_query_handler(name, perdure::detail::make_query_handler<false>(std::move(handler)));
}
template <class F>
void set_dynamic_query_handler(F handler) {
  perdure::detail::current_context("workflow::set_dynamic_query_handler")
      .set_query_handler("", perdure::detail::make_query_handler<true>(std::move(handler)));
}
// `handler` returns a value, void or a Task of them; `validator`, void.
template <class F, class... V>
  requires(sizeof...(V) <= 1)
void set_update_handler(const std::string& name, F handler, V... validator) {
  perdure::detail::current_context("workflow::set_update_handler")
      .set_update_handler(
          name, perdure::detail::make_update_handler<false>(std::move(handler), std::move(validator)...));
}
template <class F, class... V>
  requires(sizeof...(V) <= 1)
void set_dynamic_update_handler(F handler, V... validator) {
  perdure::detail::current_context("workflow::set_dynamic_update_handler")
      .set_update_handler(
          "", perdure::detail::make_update_handler<true>(std::move(handler), std::move(validator)...));
}
inline void set_signal_handler(const std::string& name, std::nullptr_t) {
  perdure::detail::current_context("workflow::set_signal_handler").set_signal_handler(name, std::nullopt);
}
inline void set_query_handler(const std::string& name, std::nullptr_t) {
  perdure::detail::current_context("workflow::set_query_handler").set_query_handler(name, std::nullopt);
}
inline void set_update_handler(const std::string& name, std::nullptr_t) {
  perdure::detail::current_context("workflow::set_update_handler").set_update_handler(name, std::nullopt);
}

// No handler of a signal or an update is still at work. A workflow that waits for this before it ends leaves
// nothing half done, and no client without an answer.
bool all_handlers_finished();
// The update to which the running code belongs: its handler, its validator, and tasks that they created. None
// elsewhere.
std::optional<UpdateInfo> current_update_info();
// Shown in user interfaces, in Markdown, until the workflow says something else.
void set_current_details(std::string details);

}  // namespace perdure::workflow
