// expect: static assertion failed.*perdure: an operating system handle \(file, socket\).* cannot cross.*open
// it in an activity
#include <cstdio>

#include "common.h"

class Bad {
 public:
  perdure::Task<int> run(std::FILE* file);
};
const auto definition = perdure::detail::workflow_definition<Bad>();
