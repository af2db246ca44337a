// expect: static assertion failed.*perdure: a signal handler returns void or perdure::Task<void>
#include "common.h"

class Bad {
 public:
  perdure::Task<int> run();
  int approve();
  static constexpr auto signals = perdure::signals<&Bad::approve>();
};
const auto definition = perdure::detail::workflow_definition<Bad>();
