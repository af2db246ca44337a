// expect: static assertion failed.*perdure: nlohmann::json without its conversion cannot cross.*include perdure/json.h
#include <nlohmann/json.hpp>

#include "common.h"

class Bad {
 public:
  perdure::Task<int> run(nlohmann::json config);
};
const auto definition = perdure::detail::workflow_definition<Bad>();
