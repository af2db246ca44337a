// expect: static assertion failed.*perdure: code \(a function, lambda or std::function\) cannot cross.*choose
// the code by it
#include "common.h"

inline const auto kCallback = [](int times) { return times; };
class Bad {
 public:
  perdure::Task<int> run(std::remove_const_t<decltype(kCallback)> callback);
};
const auto definition = perdure::detail::workflow_definition<Bad>();
