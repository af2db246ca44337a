// expect: static assertion failed.*perdure: unsafe\(\) takes an ordinary function: what it awaits would run after it
#include "common.h"

perdure::Task<int> code() {
  co_return co_await perdure::workflow::unsafe([]() -> perdure::Task<int> { co_return 1; });
}
