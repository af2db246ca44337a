#pragma once
// Which member functions of a workflow class answer queries. Declare the list in the class, after them:
//   std::string status() const { return status_; }
//   static constexpr auto queries = perdure::queries<&Order::status>();
// A query handler is const and returns a value at once: it changes nothing and waits for nothing. What it
// throws is the answer's error. Its query has the handler's name unless perdure::query_name says otherwise.
// Queries that have no handler go to
//   perdure::Payload anything(std::string query, perdure::Payloads arguments) const;
//   static constexpr auto dynamic_query = &Order::anything;
#include <type_traits>

namespace perdure {

template <auto... Handlers>
struct QueryList {};

template <auto... Handlers>
constexpr QueryList<Handlers...> queries() {
  static_assert(
      (std::is_member_function_pointer_v<decltype(Handlers)> && ...),
      "perdure: queries<…> takes const member functions of the workflow class: queries<&Order::status>()");
  return {};
}

}  // namespace perdure
