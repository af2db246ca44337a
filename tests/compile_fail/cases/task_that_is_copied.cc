// expect: (call to implicitly-deleted copy constructor|call to deleted constructor) of .*Task<int>
#include "common.h"

perdure::Task<int> one();
perdure::Task<int> code() {
  auto task = one();
  auto copy = task;
  co_return co_await copy;
}
