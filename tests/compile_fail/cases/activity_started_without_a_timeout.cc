// expect: static assertion failed.*perdure: an activity needs start_to_close_timeout or schedule_to_close_timeout
#include "common.h"

perdure::Task<std::string> code() {
  auto handle = perdure::workflow::start_activity<say>({.greeting = "Hello"});
  co_return co_await handle;
}
