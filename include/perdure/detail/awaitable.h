#pragma once
// What may be awaited in a Task. Everything else is refused at compile time: a wait that is not Perdure's own
// would not be recorded, and so would not be replayed.
#include <concepts>
#include <type_traits>

namespace perdure::detail {

// The mark of an awaitable of Perdure's.
struct AwaitableTag {};

template <class A>
concept PerdureAwaitable = std::derived_from<std::remove_cvref_t<A>, AwaitableTag>;

}  // namespace perdure::detail
