#pragma once
// Which member functions of a workflow class are signal handlers. Declare the list in the class, after the
// handlers:
//   void approve(std::string by) { approved_by_ = by; }
//   perdure::Task<> expedite() { … }
//   static constexpr auto signals = perdure::signals<&Order::approve, &Order::expedite>();
// A handler returns void or Task<void>. Its signal has the handler's name unless perdure::signal_name says
// otherwise. Signals that have no handler go to
//   void anything(std::string signal, perdure::Payloads arguments);
//   static constexpr auto dynamic_signal = &Order::anything;
// and wait for workflow::set_signal_handler() if there is none.
#include "perdure/detail/handler_entries.h"

namespace perdure {

template <auto... Handlers>
struct SignalList {};

template <auto... Handlers>
constexpr SignalList<Handlers...> signals() {
  static_assert(
      (detail::is_member_entry<Handlers> && ...),
      "perdure: signals<…> takes member functions of the workflow class: signals<&Order::approve>()");
  return {};
}

}  // namespace perdure
