// expect: static assertion failed.*perdure: a parameter crosses a process boundary: take it by value or const reference
#include "common.h"

int change(Point& point);
perdure::Task<int> code() {
  co_return co_await perdure::workflow::execute_activity<change>({}, {.start_to_close_timeout = 10s});
}
