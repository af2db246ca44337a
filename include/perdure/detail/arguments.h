#pragma once
// The parameters of activities, workflows and signals: which are allowed, and arguments to payloads and back.
#include <tuple>
#include <type_traits>
#include <utility>

#include "perdure/detail/function_traits.h"
#include "perdure/payload.h"

namespace perdure::detail {

// A parameter arrives as a fresh value: it can be taken by value or const reference.
template <class P>
constexpr bool is_value_parameter =
    !std::is_reference_v<P> || (std::is_lvalue_reference_v<P> && std::is_const_v<std::remove_reference_t<P>>);

// Does not compile, with one line that says why, unless T may cross a boundary.
template <class T>
consteval void check_boundary_type() {
  if constexpr (!std::is_void_v<T> && !std::is_same_v<T, Payload> && !MessageType<T>) {
    check_serializable<T>();
  }
}

// A name for the compiler's note: check_parameter<2, const std::mutex&>.
template <int Number, class P>
consteval void check_parameter() {
  check_boundary_type<std::remove_cvref_t<P>>();
}
template <class... P, std::size_t... I>
consteval void check_each_parameter(std::index_sequence<I...>) {
  (check_parameter<static_cast<int>(I) + 1, P>(), ...);
}

// The same for parameters.
template <class... P>
consteval void check_parameters() {
  static_assert(
      (is_value_parameter<P> && ...),
      "perdure: a parameter crosses a process boundary: take it by value or const reference, not by "
      "reference");
  if constexpr ((is_value_parameter<P> && ...)) {
    check_each_parameter<P...>(std::index_sequence_for<P...>());
  }
}

template <class... P>
Payloads encode_arguments(const std::remove_cvref_t<P>&... arguments) {
  check_parameters<P...>();
  return to_payloads(arguments...);
}

template <class... P>
std::tuple<std::remove_cvref_t<P>...> decode_arguments(const Payloads& payloads, Types<P...>) {
  check_parameters<P...>();
  return from_payloads<std::remove_cvref_t<P>...>(payloads);
}

}  // namespace perdure::detail
