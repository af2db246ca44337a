// expect: static assertion failed.*perdure: a validator takes the same parameters as its update handler
#include "common.h"

class Bad {
 public:
  perdure::Task<int> run();
  int add(int amount);
  void check(std::string amount) const;
  static constexpr auto updates = perdure::updates<perdure::validated_by<&Bad::add, &Bad::check>>();
};
const auto definition = perdure::detail::workflow_definition<Bad>();
