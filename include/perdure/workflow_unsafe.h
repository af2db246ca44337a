#pragma once
// The way around the guard of determinism, for code that cannot change what a workflow does.
//
//   const auto began = perdure::workflow::unsafe([] { return std::chrono::steady_clock::now(); });  // for a
//   metric
#include <concepts>
#include <type_traits>
#include <utility>

#include "perdure/detail/awaitable.h"

namespace perdure::detail {

// Calls on this thread are not guarded while one lives.
class UnguardedScope {
 public:
  UnguardedScope() noexcept;
  ~UnguardedScope();
  UnguardedScope(const UnguardedScope&) = delete;
  UnguardedScope& operator=(const UnguardedScope&) = delete;
};

bool is_unguarded() noexcept;

// What does its work when it is awaited.
template <class T>
concept Deferred = PerdureAwaitable<T> || requires { typename T::promise_type; };

}  // namespace perdure::detail

namespace perdure::workflow {

// Calls `function`, which may use clocks, files, sockets and all else that workflow code must not, and gives
// what it returns. The worker does not notice if the workflow does something else in a replay because of it:
// that is then a NondeterminismError, or goes wrong silently. A value that the workflow may depend on comes
// from side_effect() or an activity.
template <std::invocable<> Function>
decltype(auto) unsafe(Function&& function) {
  using Result = std::remove_cvref_t<std::invoke_result_t<Function&&>>;
  static_assert(!perdure::detail::Deferred<Result>,
                "perdure: unsafe() takes an ordinary function: what it awaits would run after it");
  const perdure::detail::UnguardedScope scope;
  return std::forward<Function>(function)();
}

}  // namespace perdure::workflow
