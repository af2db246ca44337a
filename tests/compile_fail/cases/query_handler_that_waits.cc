// expect: static assertion failed.*perdure: a query handler answers at once: it returns a value, not a Task
#include "common.h"

class Bad {
 public:
  perdure::Task<int> run();
  perdure::Task<int> total() const;
  static constexpr auto queries = perdure::queries<&Bad::total>();
};
const auto definition = perdure::detail::workflow_definition<Bad>();
