#pragma once
// Names of types, as a reader would write them, out of the compiler's own spelling.
#include <cstddef>
#include <string_view>

namespace perdure::detail {

// Returns a bare pointer: GCC appends the spelling of a class type that it returns to the text.
template <class T>
consteval const char* pretty_type() {
  return __PRETTY_FUNCTION__;
}

template <class T>
consteval std::string_view type_name() {
  // "… [T = app::Order]" (Clang), "… [with T = app::Order]" (GCC).
  const std::string_view text = pretty_type<T>();
  const std::size_t start = text.find("T = ") + 4;
  return text.substr(start, text.size() - 1 - start);
}

// E.g. "app::Order"; for messages and default names, never stored for templates.
template <class T>
inline constexpr std::string_view kTypeName = type_name<T>();

}  // namespace perdure::detail
