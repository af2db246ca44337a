// expect: static assertion failed.*perdure: a workflow class needs exactly one public member function `run`
#include "common.h"

class Bad {
 public:
  perdure::Task<int> run();
  perdure::Task<int> run(int n);
};
const auto definition = perdure::detail::workflow_definition<Bad>();
