// expect: no known conversion from 'const char\[2\]' to .*int.* for 1st argument
#include "common.h"

class Counter {
 public:
  perdure::Task<int> run(int count) {
    if (count < 3) {
      co_return perdure::workflow::continue_as_new<Counter>("1");
    }
    co_return count;
  }
};
