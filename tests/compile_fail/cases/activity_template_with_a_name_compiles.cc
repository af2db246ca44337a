#include "common.h"

template <class T>
T twice(T n) {
  return n + n;
}
template <>
inline constexpr std::string_view perdure::activity_name<twice<int>> = "twice-int";

perdure::Task<int> code() {
  co_return co_await perdure::workflow::execute_activity<twice<int>>(1, {.start_to_close_timeout = 10s});
}
static_assert(perdure::activity_name<twice<int>> == "twice-int");
