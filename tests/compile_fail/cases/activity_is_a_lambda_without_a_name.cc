// expect: static assertion failed.*perdure: this function .* needs an explicit name
#include "common.h"

constexpr auto twice = +[](int n) { return 2 * n; };
perdure::Task<int> code() {
  co_return co_await perdure::workflow::execute_activity<twice>(1, {.start_to_close_timeout = 10s});
}
