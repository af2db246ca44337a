// expect: static assertion failed.*perdure: an atomic cannot cross
#include <atomic>

#include "perdure/payload.h"

struct Counter {
  std::atomic<int> count;
};
const auto payload = perdure::from_payload<Counter>({});
