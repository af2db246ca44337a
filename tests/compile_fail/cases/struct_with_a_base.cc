// expect: static assertion failed.*perdure: a struct with a base class cannot cross.*make the base a member
#include "perdure/payload.h"

struct Base {
  int id = 0;
};
struct Derived : Base {
  int more = 0;
};
const auto payload = perdure::to_payload(Derived{});
