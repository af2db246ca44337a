// expect: no member named 'yield_value'
#include "common.h"

perdure::Task<int> code() {
  co_yield 1;
  co_return 1;
}
