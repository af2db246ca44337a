// expect: static assertion failed.*perdure: a mutex, lock or condition variable cannot cross
#include "common.h"

class Bad {
 public:
  perdure::Task<int> run(std::unique_lock<std::mutex> lock);
};
const auto definition = perdure::detail::workflow_definition<Bad>();
