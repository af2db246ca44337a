// expect: static assertion failed.*perdure: a workflow class needs a public default constructor
#include "common.h"

class Bad {
 public:
  explicit Bad(int n);
  perdure::Task<int> run();
};
const auto definition = perdure::detail::workflow_definition<Bad>();
