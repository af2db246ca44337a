// expect: static assertion failed.*perdure: a thread, future or promise cannot cross.*start an activity for
// work
#include <thread>

#include "common.h"

class Bad {
 public:
  perdure::Task<int> run(std::thread thread);
};
const auto definition = perdure::detail::workflow_definition<Bad>();
