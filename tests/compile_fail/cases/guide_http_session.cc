// expect: static assertion failed.*perdure: .* or a library's \(database, session\) cannot cross
// expect: check_member<Session, .*"connection".*CURL \*
#include "common.h"

struct CURL;  // as libcurl declares it

struct Session {
  std::string base_address;
  CURL* connection = nullptr;
};
class Bad {
 public:
  perdure::Task<int> run(const Session& session);
};
const auto definition = perdure::detail::workflow_definition<Bad>();
