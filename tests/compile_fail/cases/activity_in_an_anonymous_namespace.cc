// expect: static assertion failed.*perdure: this function .* needs an explicit name
#include "common.h"

namespace {
int hidden(int n) { return n; }
}  // namespace
perdure::Task<int> code() {
  co_return co_await perdure::workflow::execute_activity<hidden>(1, {.start_to_close_timeout = 10s});
}
