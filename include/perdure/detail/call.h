#pragma once
// The parameters of a function by number, for overloads by arity: a parameter that is not deduced lets
// literals and braces convert.
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include "perdure/detail/arguments.h"
#include "perdure/detail/function_traits.h"

namespace perdure::detail {

struct NoArgument {};

template <std::size_t I, class Parameters>
struct NthParameter {
  using Type = NoArgument;
};
template <std::size_t I, class... P>
  requires(I < sizeof...(P))
struct NthParameter<I, Types<P...>> {
  using Type = std::remove_cvref_t<std::tuple_element_t<I, std::tuple<P...>>>;
};

template <auto F>
using ParametersOf = typename FunctionTraits<decltype(F)>::Parameters;
template <auto F, std::size_t I>
using Argument = typename NthParameter<I, ParametersOf<F>>::Type;
template <auto F>
inline constexpr int kArity = ParametersOf<F>::size;

template <class W, std::size_t I>
using RunArgument = Argument<&W::run, I>;
template <class W>
inline constexpr int kRunArity = kArity<&W::run>;
template <class W>
using RunResultOf = typename ResultOf<typename FunctionTraits<decltype(&W::run)>::Result>::Type;

// What the client gets of a query or an update handler.
template <auto F>
struct QueryResult {
  using Traits = FunctionTraits<decltype(F)>;
  static_assert(
      Traits::is_const,
      "perdure: query<…> asks a query handler, which is a const member function: query<&Order::status>()");
  using Type = std::remove_cvref_t<typename Traits::Result>;
};
template <auto F>
using QueryResultOf = typename QueryResult<F>::Type;
template <auto F>
using UpdateResultOf = typename ResultOf<typename FunctionTraits<decltype(F)>::Result>::Type;

template <class... P, class... A>
Payloads encode_call_arguments(Types<P...>, const A&... arguments) {
  return encode_arguments<P...>(arguments...);
}
// The arguments at the front of `all`, each converted to its parameter.
template <auto F, class Tuple, std::size_t... I>
Payloads encode_first_of(const Tuple& all, std::index_sequence<I...>) {
  return encode_call_arguments(ParametersOf<F>(), Argument<F, I>(std::get<I>(all))...);
}
template <auto F, class Tuple>
Payloads encode_first(const Tuple& all) {
  return encode_first_of<F>(all, std::make_index_sequence<kArity<F>>());
}
template <auto F, class... A>
Payloads encode_call(const A&... arguments) {
  return encode_call_arguments(ParametersOf<F>(), arguments...);
}

}  // namespace perdure::detail
