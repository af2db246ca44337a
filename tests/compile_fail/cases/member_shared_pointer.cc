// expect: static assertion failed.*perdure: shared ownership cannot cross.*use a value, std::optional or std::unique_ptr
#include "perdure/payload.h"

struct Cache {
  std::shared_ptr<int> entry;
};
const auto payload = perdure::to_payload(Cache{});
