// expect: static assertion failed.*perdure: shared ownership cannot cross
// expect: check_member<OrmSession, .*"connection"
#include "common.h"

class Connection;
struct OrmSession {
  std::shared_ptr<Connection> connection;
  bool in_transaction = false;
};
class Bad {
 public:
  perdure::Task<int> run(OrmSession session);
};
const auto definition = perdure::detail::workflow_definition<Bad>();
