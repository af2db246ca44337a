#pragma once
// How something ended, as a value. C++ does not allow co_await in a catch block; where a failure needs more
// waiting, as a compensation does, look at the outcome instead:
//
//   auto charged = co_await perdure::workflow::outcome(start_activity<charge>(order, {…}));
//   if (!charged) {
//     co_await perdure::workflow::execute_activity<release_stock>(order, {…});
//     charged.rethrow();
//   }
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "perdure/error.h"
#include "perdure/task.h"
#include "perdure/workflow_combinators.h"
#include "perdure/workflow_handles.h"

namespace perdure::workflow {

// A value, or the failure that came in its place.
template <class T>
class Outcome {
 public:
  using Value = perdure::detail::ValueOf<T>;

  explicit Outcome(Value value) : value_(std::move(value)) {}
  explicit Outcome(std::exception_ptr failure) : failure_(std::move(failure)) {}

  bool has_value() const { return failure_ == nullptr; }
  explicit operator bool() const { return has_value(); }
  // Throws what the failure is if there is no value.
  const Value& value() const {
    rethrow();
    return *value_;
  }
  // Null when there is a value.
  std::exception_ptr failure() const { return failure_; }
  // The failure if it is an E, else null.
  template <class E>
  const E* error() const {
    try {
      rethrow();
    } catch (const E& error) {
      return &error;                 // lives as long as failure_
    } catch (const FailureError&) {  // NOLINT(bugprone-empty-catch): another kind
    }
    return nullptr;
  }
  // Throws the failure; does nothing when there is none.
  void rethrow() const {
    if (failure_ != nullptr) {
      std::rethrow_exception(failure_);
    }
  }

 private:
  std::optional<Value> value_;
  std::exception_ptr failure_;
};

}  // namespace perdure::workflow

namespace perdure::detail {

template <class H>
Task<workflow::Outcome<HandleResult<H>>> wait_for_outcome(H handle) {
  try {
    if constexpr (std::is_void_v<HandleResult<H>>) {
      co_await handle;
      co_return workflow::Outcome<void>(std::monostate{});
    } else {
      co_return workflow::Outcome<HandleResult<H>>(co_await handle);
    }
  } catch (const FailureError&) {
    co_return workflow::Outcome<HandleResult<H>>(std::current_exception());
  }
}

}  // namespace perdure::detail

namespace perdure::workflow {

// Waits for a handle or a Task and gives how it ended. A FailureError, cancellation included, is part of the
// outcome; any other exception is thrown.
template <class Awaitable>
auto outcome(Awaitable awaitable) {
  return perdure::detail::wait_for_outcome(perdure::detail::to_handle(std::move(awaitable)));
}

}  // namespace perdure::workflow
