// expect: static assertion failed.*perdure: a raw pointer or reference cannot cross a workflow or activity boundary; use a value, std::optional or std::unique_ptr
#include "common.h"

int measure(Point* point);
perdure::Task<int> code() {
  Point point;
  co_return co_await perdure::workflow::execute_activity<measure>(&point, {.start_to_close_timeout = 10s});
}
