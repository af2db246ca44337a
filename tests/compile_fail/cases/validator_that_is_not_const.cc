// expect: static assertion failed.*perdure: a validator is a const member function that returns void
#include "common.h"

class Bad {
 public:
  perdure::Task<int> run();
  int add(int amount);
  void check(int amount);
  static constexpr auto updates = perdure::updates<perdure::validated_by<&Bad::add, &Bad::check>>();
};
const auto definition = perdure::detail::workflow_definition<Bad>();
