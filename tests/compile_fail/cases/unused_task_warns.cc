// expect: a Task does nothing until it is awaited
#pragma clang diagnostic error "-Wunused-result"
#include "common.h"

perdure::Task<int> one();
perdure::Task<void> code() {
  one();
  co_return;
}
