// expect: static assertion failed.*perdure: an open stream cannot cross a workflow or activity boundary; pass the file's name
#include <fstream>

#include "common.h"

class Bad {
 public:
  perdure::Task<std::ofstream> run();
};
const auto definition = perdure::detail::workflow_definition<Bad>();
