// expect: static assertion failed.*perdure: a mutex, lock or condition variable cannot cross a workflow or activity boundary
#include "common.h"

struct Shared {
  std::string name;
  std::mutex lock;
};
class Bad {
 public:
  perdure::Task<int> run(const Shared& shared);
};
const auto definition = perdure::detail::workflow_definition<Bad>();
