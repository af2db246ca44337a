// expect: static assertion failed.*perdure: a query handler is a const member function: a query changes nothing
#include "common.h"

class Bad {
 public:
  perdure::Task<int> run();
  int total();
  static constexpr auto queries = perdure::queries<&Bad::total>();
};
const auto definition = perdure::detail::workflow_definition<Bad>();
