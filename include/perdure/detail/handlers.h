#pragma once
// Handlers of signals, queries and updates without their types. `start` and `answer` decode the arguments now
// (throw DataConversionError); what they start runs when its task is awaited.
#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "perdure/detail/arguments.h"
#include "perdure/detail/function_traits.h"
#include "perdure/payload.h"
#include "perdure/task.h"

namespace perdure::detail {

struct SignalHandler {
  std::function<Task<void>(const std::string& signal, const Payloads& arguments)> start{};
  bool abandon_unfinished = false;
};
struct QueryHandler {
  std::function<Payload(const std::string& query, const Payloads& arguments)> answer{};
};
struct UpdateHandler {
  std::function<void(const std::string& update, const Payloads& arguments)> validate{};  // null: all pass
  std::function<Task<Payload>(const std::string& update, const Payloads& arguments)> start{};
  bool abandon_unfinished = false;
};

// A handler for everything takes the name that was asked for and the arguments as they came.
template <class... P>
inline constexpr bool takes_name_and_payloads =
    std::is_same_v<std::tuple<std::remove_cvref_t<P>...>, std::tuple<std::string, Payloads>>;

template <bool dynamic, class... P>
auto handler_arguments(const std::string& name, const Payloads& arguments, Types<P...> types) {
  if constexpr (dynamic) {
    static_cast<void>(types);
    return std::tuple<std::string, Payloads>(name, arguments);
  } else {
    static_cast<void>(name);
    return decode_arguments(arguments, types);
  }
}

// A coroutine for a handler that is a coroutine or a plain function. `Call` is copied into its frame.
template <class Result, class Call, class... P>
Task<void> run_signal_call(Call call, std::tuple<P...> arguments) {
  if constexpr (std::is_void_v<Result>) {
    std::apply([&](P&... values) { call(std::move(values)...); }, arguments);
    co_return;
  } else {
    Task<void> task = std::apply([&](P&... values) { return call(std::move(values)...); }, arguments);
    co_await task;
  }
}

template <class Result, class Call, class... P>
Task<Payload> run_update_call(Call call, std::tuple<P...> arguments) {
  using R = typename ResultOf<Result>::Type;
  auto called = [&](P&... values) { return call(std::move(values)...); };
  if constexpr (ResultOf<Result>::is_task) {
    Task<R> task = std::apply(called, arguments);
    if constexpr (std::is_void_v<R>) {
      co_await task;
      co_return null_payload();
    } else {
      const R result = co_await task;
      co_return to_payload(result);
    }
  } else if constexpr (std::is_void_v<R>) {
    std::apply(called, arguments);
    co_return null_payload();
  } else {
    const R result = std::apply(called, arguments);
    co_return to_payload(result);
  }
}

template <class Call, class... P>
Payload answer_query_call(const Call& call, std::tuple<P...> arguments) {
  const auto result = std::apply([&](P&... values) { return call(std::move(values)...); }, arguments);
  return to_payload(result);
}

// One readable line for each way in which a handler's type cannot be.
template <class Result>
consteval void check_signal_result() {
  static_assert(std::is_void_v<Result> || std::is_same_v<Result, Task<void>>,
                "perdure: a signal handler returns void or perdure::Task<void>");
}
template <class Result>
consteval bool check_query_result() {
  static_assert(!ResultOf<Result>::is_task,
                "perdure: a query handler answers at once: it returns a value, not a Task");
  static_assert(!std::is_void_v<Result>, "perdure: a query handler returns what it was asked for, not void");
  return !ResultOf<Result>::is_task && !std::is_void_v<Result>;
}
template <bool dynamic, class... P>
consteval void check_dynamic_parameters(Types<P...>) {
  static_assert(!dynamic || takes_name_and_payloads<P...>,
                "perdure: a dynamic handler takes (std::string name, perdure::Payloads arguments)");
}

}  // namespace perdure::detail
