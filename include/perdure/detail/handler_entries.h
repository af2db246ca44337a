#pragma once
// What a list of handlers (signals<…>(), updates<…>()) says about one of them beside its function.
#include <type_traits>

namespace perdure::detail {

struct NoValidator {};

template <auto Handler, auto Validator, bool abandon>
struct HandlerEntry {};

// Of an entry of a list, which is a member function or a HandlerEntry.
template <auto Entry, class Kind = std::remove_cv_t<decltype(Entry)>>
struct EntryTraits {
  static constexpr auto handler = Entry;
  static constexpr NoValidator validator{};
  static constexpr bool has_validator = false;
  static constexpr bool abandon = false;  // a workflow that ends may leave it unfinished
};
template <auto Entry, auto Handler, auto Validator, bool abandoned>
struct EntryTraits<Entry, HandlerEntry<Handler, Validator, abandoned>> {
  static constexpr auto handler = Handler;
  static constexpr auto validator = Validator;
  static constexpr bool has_validator = !std::is_same_v<std::remove_cv_t<decltype(Validator)>, NoValidator>;
  static constexpr bool abandon = abandoned;
};

template <auto Entry>
inline constexpr bool is_member_entry =
    std::is_member_function_pointer_v<std::remove_cv_t<decltype(EntryTraits<Entry>::handler)>>;

}  // namespace perdure::detail

namespace perdure {

// In a list of signals or updates: the workflow may end while this handler waits, without a warning.
//   static constexpr auto signals = perdure::signals<perdure::abandon_unfinished<&Order::expedite>>();
template <auto Entry>
inline constexpr detail::HandlerEntry<detail::EntryTraits<Entry>::handler,
                                      detail::EntryTraits<Entry>::validator, true>
    abandon_unfinished{};

}  // namespace perdure
