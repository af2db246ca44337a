// expect: static assertion failed.*perdure: a query handler answers at once: it returns a value, not a Task
#include "common.h"

perdure::Task<int> run() {
  perdure::workflow::set_query_handler("total", [](int start) -> perdure::Task<int> { co_return start; });
  co_return 0;
}
