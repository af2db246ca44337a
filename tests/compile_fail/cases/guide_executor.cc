// expect: static assertion failed.*perdure: a thread, future or promise cannot cross
// expect: check_member<Executor, .*"worker".*std::future<int>
#include <future>

#include "common.h"

struct Executor {
  int threads = 4;
  std::future<int> worker;
};
class Bad {
 public:
  perdure::Task<int> run(const Executor& executor);
};
const auto definition = perdure::detail::workflow_definition<Bad>();
