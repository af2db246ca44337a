// expect: no matching function for call to object of type
// expect: no known conversion from 'const char\[2\]' to .*int.* for 2nd argument
#include "common.h"

perdure::Task<int> code() {
  co_return co_await perdure::workflow::execute_activity<add>(1, "2", {.start_to_close_timeout = 10s});
}
