#pragma once
// Which member functions of a workflow class take updates: requests that change the workflow and have an
// answer. Declare the list in the class, after the handlers:
//   perdure::Task<int> add_item(Item item) { … co_return total_; }
//   void check_item(const Item& item) const { if (item.count < 1) throw perdure::ApplicationError("…"); }
//   static constexpr auto updates =
//       perdure::updates<perdure::validated_by<&Cart::add_item, &Cart::check_item>, &Cart::check_out>();
// A handler returns a value, void or a Task of them. A validator is const, takes the same arguments, and
// refuses the update by throwing: nothing of it is then in the workflow's history. An update has the
// handler's name unless perdure::update_name says otherwise. Updates that have no handler go to
//   perdure::Task<perdure::Payload> anything(std::string update, perdure::Payloads arguments);
//   static constexpr auto dynamic_update = &Cart::anything;
#include "perdure/detail/handler_entries.h"

namespace perdure {

template <auto... Handlers>
struct UpdateList {};

// In a list of updates: `Validator` is asked first.
template <auto Handler, auto Validator>
inline constexpr detail::HandlerEntry<Handler, Validator, false> validated_by{};

template <auto... Handlers>
constexpr UpdateList<Handlers...> updates() {
  static_assert(
      (detail::is_member_entry<Handlers> && ...),
      "perdure: updates<…> takes member functions of the workflow class: updates<&Cart::add_item>(), or "
      "updates<validated_by<&Cart::add_item, &Cart::check_item>>()");
  return {};
}

}  // namespace perdure
