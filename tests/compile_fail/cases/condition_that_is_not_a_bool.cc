// expect: static assertion failed.*perdure: wait_condition takes a function without parameters that returns bool
#include "common.h"

perdure::Task<void> code() {
  co_await perdure::workflow::wait_condition([] { return std::string("yes"); });
}
