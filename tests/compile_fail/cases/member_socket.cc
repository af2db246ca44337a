// expect: static assertion failed.*perdure: an operating system handle .* cannot cross
#include "perdure/payload.h"

class Socket {
 public:
  Socket() = default;
  int native_handle() const { return descriptor_; }

 private:
  int descriptor_ = -1;
};
struct Connection {
  Socket socket;
};
const auto payload = perdure::to_payload(Connection{});
