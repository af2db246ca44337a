// expect: static assertion failed.*perdure: a workflow's `run` is a non-static member function
#include "common.h"

class Bad {
 public:
  static perdure::Task<int> run();
};
const auto definition = perdure::detail::workflow_definition<Bad>();
