#pragma once
// The names under which activities, workflows, signals, queries and updates are known to the service.
//
// By default an activity, a signal, a query and an update have the name of their function, a workflow that of
// its class, without namespaces. Another name is written once, beside the definition:
//   template <> inline constexpr std::string_view perdure::activity_name<&charge> = "charge-card";
//   template <> inline constexpr std::string_view perdure::signal_name<&Order::approve> = "approve-order";
//   class Order { public: static constexpr std::string_view workflow_name = "order"; … };
// Templates, lambdas and what is in an anonymous namespace have no name that is safe to store: they need one
// of these.
#include <string_view>

namespace perdure {
namespace detail {

template <auto F>
constexpr const char* pretty_function() {
  return __PRETTY_FUNCTION__;
}
template <class T>
constexpr const char* pretty_class() {
  return __PRETTY_FUNCTION__;
}

// "app::compose" out of "… [F = &app::compose]" (clang) or "… [with auto F = app::compose]" (g++).
constexpr std::string_view entity_name(std::string_view pretty, std::string_view parameter) {
  const auto begin = pretty.rfind(parameter);
  if (begin == std::string_view::npos) {
    return {};
  }
  pretty.remove_prefix(begin + parameter.size());
  pretty = pretty.substr(0, pretty.find_first_of(";]"));
  while (!pretty.empty() && (pretty.front() == '&' || pretty.front() == '(')) {
    if (pretty.starts_with("(anonymous") || pretty.starts_with("(lambda")) {
      return {};
    }
    pretty.remove_prefix(1);
  }
  return pretty;
}

// Without namespaces and classes; empty when there is no name that is safe to store.
constexpr std::string_view unqualified(std::string_view name) {
  if (name.empty() || name.find_first_of("<({'\"") != std::string_view::npos) {
    return {};
  }
  const auto colon = name.rfind("::");
  return colon == std::string_view::npos ? name : name.substr(colon + 2);
}

template <auto F>
constexpr std::string_view default_function_name() {
  constexpr std::string_view name = unqualified(entity_name(pretty_function<F>(), "F = "));
  static_assert(
      !name.empty(),
      "perdure: this function (a template, a lambda, or in an anonymous namespace) needs an explicit name: "
      "template <> inline constexpr std::string_view perdure::activity_name<F> = \"name\"; "
      "(perdure::signal_name, query_name or update_name for a handler)");
  return name;
}

template <class W>
constexpr std::string_view default_class_name() {
  constexpr std::string_view name = unqualified(entity_name(pretty_class<W>(), "T = "));
  static_assert(
      !name.empty(),
      "perdure: this workflow class (a template, or in an anonymous namespace) needs an explicit name: "
      "static constexpr std::string_view workflow_name = \"name\"; inside the class");
  return name;
}

template <class W>
constexpr std::string_view workflow_name_of() {
  if constexpr (requires { std::string_view(W::workflow_name); }) {
    return W::workflow_name;
  } else {
    return default_class_name<W>();
  }
}

}  // namespace detail

template <auto F>
inline constexpr std::string_view activity_name = detail::default_function_name<F>();

template <auto F>
inline constexpr std::string_view signal_name = detail::default_function_name<F>();

template <auto F>
inline constexpr std::string_view query_name = detail::default_function_name<F>();

template <auto F>
inline constexpr std::string_view update_name = detail::default_function_name<F>();

// The name of workflow class W.
template <class W>
inline constexpr std::string_view workflow_name = detail::workflow_name_of<W>();

}  // namespace perdure
