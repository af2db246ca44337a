// expect: static assertion failed.*perdure: code \(a function, lambda or std::function\) cannot cross
#include "common.h"

class Bad {
 public:
  perdure::Task<int> run(int (*callback)(int));
};
const auto definition = perdure::detail::workflow_definition<Bad>();
