// expect: static assertion failed.*perdure: an open stream cannot cross.*open it in an activity
#include <fstream>

#include "common.h"

class Bad {
 public:
  perdure::Task<int> run(std::ifstream file);
};
const auto definition = perdure::detail::workflow_definition<Bad>();
