// expect: static assertion failed.*perdure: a class with constructors or private members cannot cross.*perdure::Codec
#include "perdure/payload.h"

class Money {
 public:
  explicit Money(int cents) : cents_(cents) {}
  int cents() const { return cents_; }

 private:
  int cents_;
};
const auto payload = perdure::to_payload(Money(1));
