// expect: static assertion failed.*perdure: this workflow class .* needs an explicit name
#include "common.h"

template <class T>
class Bad {
 public:
  perdure::Task<T> run();
};
const auto definition = perdure::detail::workflow_definition<Bad<int>>();
