// expect: static assertion failed.*perdure: a workflow's `run` is a coroutine that returns perdure::Task<T>
#include "common.h"

class Bad {
 public:
  int run();
};
const auto definition = perdure::detail::workflow_definition<Bad>();
