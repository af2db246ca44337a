// expect: static assertion failed.*perdure: a task, or the handle of an activity.*co_await it and pass what it gives
#include "common.h"

class Bad {
 public:
  perdure::Task<int> run(perdure::workflow::ActivityHandle<int> count);
};
const auto definition = perdure::detail::workflow_definition<Bad>();
