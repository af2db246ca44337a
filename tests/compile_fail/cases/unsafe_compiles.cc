#include "common.h"

perdure::Task<int> code(int n) {
  perdure::workflow::unsafe([] {});
  int& same = perdure::workflow::unsafe([&]() -> int& { return n; });
  co_return same;
}
