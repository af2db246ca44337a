#pragma once
// Takes a function's type apart: result, parameters, class.
#include <type_traits>

namespace perdure {

template <class T>
class Task;

namespace detail {

template <class... P>
struct Types {
  static constexpr int size = sizeof...(P);
};

template <class F>
struct FunctionTraits {
  static constexpr bool is_function = false;
};

template <class R, class C, class... P>
struct FunctionTraitsOf {
  static constexpr bool is_function = true;
  static constexpr bool is_const = false;
  using Result = R;
  using Class = C;  // void for a free function
  using Parameters = Types<P...>;
};

template <class R, class C, class... P>
struct ConstFunctionTraitsOf : FunctionTraitsOf<R, C, P...> {
  static constexpr bool is_const = true;
};

template <class R, class... P>
struct FunctionTraits<R (*)(P...)> : FunctionTraitsOf<R, void, P...> {};
template <class R, class... P>
struct FunctionTraits<R (*)(P...) noexcept> : FunctionTraitsOf<R, void, P...> {};
template <class R, class C, class... P>
struct FunctionTraits<R (C::*)(P...)> : FunctionTraitsOf<R, C, P...> {};
template <class R, class C, class... P>
struct FunctionTraits<R (C::*)(P...) noexcept> : FunctionTraitsOf<R, C, P...> {};
template <class R, class C, class... P>
struct FunctionTraits<R (C::*)(P...) const> : ConstFunctionTraitsOf<R, C, P...> {};
template <class R, class C, class... P>
struct FunctionTraits<R (C::*)(P...) const noexcept> : ConstFunctionTraitsOf<R, C, P...> {};

// What awaiting a call gives: X for a function that returns Task<X>, otherwise what it returns.
template <class R>
struct ResultOf {
  using Type = std::remove_cvref_t<R>;
  static constexpr bool is_task = false;
};
template <class R>
struct ResultOf<Task<R>> {
  using Type = R;
  static constexpr bool is_task = true;
};

}  // namespace detail
}  // namespace perdure
