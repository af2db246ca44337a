#pragma once
// How many members an aggregate has and what they are called, without macros: members are counted by trying
// braces with ever more initialisers, and named by reading a pointer to each member out of
// __PRETTY_FUNCTION__.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "perdure/detail/members.h"

namespace perdure::detail {

#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-var-template"
#pragma clang diagnostic ignored "-Wundefined-internal"
#pragma clang diagnostic ignored "-Wmissing-field-initializers"
#pragma clang diagnostic ignored "-Wmissing-braces"
#elif defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#endif

// Converts to whatever a member needs. Never called, but defined: std::optional's constructors name the
// conversion to what they hold, and to a type without linkage no other file could define it.
struct Anything {
  template <class U>
  operator U() const noexcept {
    std::abort();
  }
};
template <std::size_t>
using AnythingAt = Anything;

// Converts to bases of T only.
template <class T>
struct BaseOf {
  template <class U>
    requires(std::is_base_of_v<U, T> && !std::is_same_v<U, T>)
  operator U() const noexcept {
    std::abort();
  }
};

template <class T, std::size_t... Before, std::size_t... After>
consteval bool fits(std::index_sequence<Before...>, std::index_sequence<After...>) {
  return requires { T{AnythingAt<Before>{}..., AnythingAt<After>{}...}; };
}
// Whether T{any × before, {}, any × after} compiles.
template <class T, std::size_t... Before, std::size_t... After>
consteval bool fits_with_empty(std::index_sequence<Before...>, std::index_sequence<After...>) {
  return requires { T{AnythingAt<Before>{}..., {}, AnythingAt<After>{}...}; };
}

// The number of initialisers that braces take: the number of members, except that an array counts each
// element.
template <class T, std::size_t N = 0>
consteval std::size_t count_initialisers() {
  if constexpr (N > kMaxMembers) {
    return N;
  } else if constexpr (fits<T>(std::make_index_sequence<N + 1>(), std::index_sequence<>())) {
    return count_initialisers<T, N + 1>();
  } else {
    return N;
  }
}

// Whether initialiser `At` of `N` begins a member that is a C array.
template <class T, std::size_t N, std::size_t At, std::size_t Length = 2>
consteval bool begins_array() {
  if constexpr (At + Length > N ||
                fits_with_empty<T>(std::make_index_sequence<At>(), std::make_index_sequence<N - At - 1>())) {
    return false;
  } else if constexpr (fits_with_empty<T>(std::make_index_sequence<At>(),
                                          std::make_index_sequence<N - At - Length>())) {
    return true;
  } else {
    return begins_array<T, N, At, Length + 1>();
  }
}

template <class T, std::size_t N, std::size_t... At>
consteval bool any_begins_array(std::index_sequence<At...>) {
  return (begins_array<T, N, At>() || ...);
}

enum class Shape { kPlain, kNotDefaultConstructible, kHasBase, kHasArray, kTooManyMembers };

// Whether T, an aggregate class, can be taken apart.
template <class T>
consteval Shape shape_of() {
  if constexpr (requires { T{BaseOf<T>{}}; }) {
    return Shape::kHasBase;
  } else if constexpr (!requires { T{}; }) {
    return Shape::kNotDefaultConstructible;
  } else {
    constexpr std::size_t kCount = count_initialisers<T>();
    if constexpr (kCount > kMaxMembers) {
      return Shape::kTooManyMembers;
    } else if constexpr (any_begins_array<T, kCount>(std::make_index_sequence<kCount>())) {
      return Shape::kHasArray;
    } else {
      return Shape::kPlain;
    }
  }
}

template <class T>
inline constexpr std::size_t kMemberCount = count_initialisers<T>();

template <class T>
struct Imagined {
  T value;
};
// Declared only: addresses within it are compile-time constants although no such object exists.
template <class T>
extern Imagined<T> imagined;

// Returns a bare pointer: GCC appends the spelling of a class type that it returns to the text.
template <auto Pointer>
consteval const char* pretty_pointer() {
  return __PRETTY_FUNCTION__;
}

template <auto Pointer>
consteval std::string_view pointed_name() {
  // "… [Pointer = &imagined<app::Order>.value.id]" (Clang), "… [with auto Pointer = (& … .app::Order::id)]"
  // (GCC).
  std::string_view text = pretty_pointer<Pointer>();
  text = text.substr(0, text.find_last_not_of("])") + 1);
  const auto in_name = [](char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  std::size_t start = text.size();
  while (start > 0 && in_name(text[start - 1])) {
    --start;
  }
  return text.substr(start);
}

template <class T>
consteval auto member_pointers() {
  return with_members<kMemberCount<T>>(imagined<T>.value,
                                       [](auto&... member) { return std::tuple(&member...); });
}

template <class T, std::size_t... I>
consteval auto make_member_names(std::index_sequence<I...>) {
  return std::array<std::string_view, sizeof...(I)>{pointed_name<std::get<I>(member_pointers<T>())>()...};
}

// In the order of declaration.
template <class T>
consteval auto member_names() {
  return make_member_names<T>(std::make_index_sequence<kMemberCount<T>>());
}

// Indexes of the members in the order of their names.
template <class T>
consteval auto members_by_name() {
  constexpr std::size_t kCount = kMemberCount<T>;
  std::array<std::size_t, kCount> order{};
  for (std::size_t i = 0; i < kCount; ++i) {
    order[i] = i;
  }
  const auto names = member_names<T>();
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return names[a] < names[b]; });
  return order;
}

template <class T, class Visit>
constexpr decltype(auto) visit_members(T& value, Visit&& visit) {
  return with_members<kMemberCount<std::remove_const_t<T>>>(value, std::forward<Visit>(visit));
}

// Holds types without making values of them.
template <class... T>
struct TypeList {};

template <class T>
using MemberTypes = decltype(with_members<kMemberCount<T>>(std::declval<T&>(), [](auto&... member) {
  return TypeList<std::remove_reference_t<decltype(member)>...>();
}));

#if defined(__clang__)
#pragma clang diagnostic pop
#elif defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

}  // namespace perdure::detail
