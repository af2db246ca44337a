// expect: static assertion failed.*perdure: code \(a function, lambda or std::function\) cannot cross a workflow or activity boundary
#include "common.h"

class Bad {
 public:
  perdure::Task<int> run(std::function<int()> callback);
};
const auto definition = perdure::detail::workflow_definition<Bad>();
