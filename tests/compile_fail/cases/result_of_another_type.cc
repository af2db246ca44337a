// expect: no viable conversion from .*int.* to .*string
#include "common.h"

perdure::Task<void> code() {
  std::string text = co_await perdure::workflow::execute_activity<add>(1, 2, {.start_to_close_timeout = 10s});
}
