// expect: static assertion failed.*perdure: a dynamic handler takes \(std::string name, perdure::Payloads arguments\)
#include "common.h"

class Bad {
 public:
  perdure::Task<int> run();
  void anything(std::string name);
  static constexpr auto dynamic_signal = &Bad::anything;
};
const auto definition = perdure::detail::workflow_definition<Bad>();
