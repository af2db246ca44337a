// expect: static assertion failed.*perdure: a query handler returns what it was asked for, not void
#include "common.h"

class Bad {
 public:
  perdure::Task<int> run();
  void total() const;
  static constexpr auto queries = perdure::queries<&Bad::total>();
};
const auto definition = perdure::detail::workflow_definition<Bad>();
