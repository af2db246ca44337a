// expect: static assertion failed.*perdure: a C array cannot cross.*use std::array, std::vector or std::string
#include "perdure/payload.h"

struct Name {
  char text[16];
  int length = 0;
};
const auto payload = perdure::to_payload(Name{});
