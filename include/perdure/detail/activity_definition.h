#pragma once
// An activity as the worker sees it: without its type.
#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "perdure/detail/arguments.h"
#include "perdure/names.h"
#include "perdure/task.h"

namespace perdure::detail {

// Exactly one of the two is set. Both decode the arguments first (throws DataConversionError).
struct ActivityDefinition {
  std::string name;                                     // empty: runs every type that is not registered
  std::function<Payload(const Payloads&)> call;         // a function: runs on the thread pool
  std::function<Task<Payload>(const Payloads&)> start;  // a coroutine: runs on the event loop
  std::string written{};                                // as the program spells it: "app::charge"
  std::string process{};  // not empty: `call` runs in a process of its own, where it has this name
};

// Calls F, on `object` if it is a member function.
template <auto F, class Object, class... P>
decltype(auto) invoke_activity(Object* object, P&&... arguments) {
  if constexpr (std::is_member_function_pointer_v<decltype(F)>) {
    return (object->*F)(std::forward<P>(arguments)...);
  } else {
    static_cast<void>(object);
    return F(std::forward<P>(arguments)...);
  }
}

// Keeps object and arguments alive while the coroutine runs.
template <auto F, class R, class Object, class... P>
Task<Payload> run_coroutine_activity(std::shared_ptr<Object> object, std::tuple<P...> arguments) {
  Task<R> task = std::apply(
      [&](P&... values) { return invoke_activity<F>(object.get(), std::move(values)...); }, arguments);
  if constexpr (std::is_void_v<R>) {
    co_await task;
    co_return null_payload();
  } else {
    const R result = co_await task;
    co_return to_payload(result);
  }
}

template <auto F, class Object>
ActivityDefinition activity_definition(std::shared_ptr<Object> object) {
  using Traits = FunctionTraits<decltype(F)>;
  using Parameters = typename Traits::Parameters;
  using Result = ResultOf<typename Traits::Result>;
  using R = typename Result::Type;
  check_boundary_type<R>();
  ActivityDefinition definition;
  definition.name = std::string(activity_name<F>);
  definition.written = std::string(entity_name(pretty_function<F>(), "F = "));
  if constexpr (Result::is_task) {
    definition.start = [object](const Payloads& payloads) {
      return run_coroutine_activity<F, R>(object, decode_arguments(payloads, Parameters{}));
    };
  } else {
    definition.call = [object](const Payloads& payloads) {
      auto arguments = decode_arguments(payloads, Parameters{});
      return std::apply(
          [&](auto&... values) {
            if constexpr (std::is_void_v<R>) {
              invoke_activity<F>(object.get(), std::move(values)...);
              return null_payload();
            } else {
              const R result = invoke_activity<F>(object.get(), std::move(values)...);
              return to_payload(result);
            }
          },
          arguments);
    };
  }
  return definition;
}

struct NoObject {};

// Runs F for every type that is not registered.
template <auto F, class Object>
ActivityDefinition dynamic_activity_definition(std::shared_ptr<Object> object) {
  using Traits = FunctionTraits<decltype(F)>;
  using R = typename ResultOf<typename Traits::Result>::Type;
  static_assert(!ResultOf<typename Traits::Result>::is_task,
                "perdure: a dynamic activity is a function, not a coroutine");
  static_assert(
      std::is_invocable_v<decltype(invoke_activity<F, Object, const Payloads&>), Object*, const Payloads&>,
      "perdure: a dynamic activity takes perdure::Payloads, the arguments as they came");
  check_boundary_type<R>();
  ActivityDefinition definition;
  definition.written = std::string(entity_name(pretty_function<F>(), "F = "));
  definition.call = [object](const Payloads& arguments) {
    if constexpr (std::is_void_v<R>) {
      invoke_activity<F>(object.get(), arguments);
      return null_payload();
    } else {
      const R result = invoke_activity<F>(object.get(), arguments);
      return to_payload(result);
    }
  };
  return definition;
}

template <auto F>
consteval bool check_activity(bool has_object) {
  constexpr bool is_function = FunctionTraits<decltype(F)>::is_function;
  static_assert(is_function,
                "perdure: an activity is a function or a member function: activities<say_hello>(), "
                "activities<&Mailer::send>(mailer)");
  return is_function && has_object == std::is_member_function_pointer_v<decltype(F)>;
}

}  // namespace perdure::detail
