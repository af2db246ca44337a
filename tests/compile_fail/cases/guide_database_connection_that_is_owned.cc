// expect: static assertion failed.*perdure: .* or a library's \(database, session\) cannot cross
// expect: check_member<Input, .*"connection"
#include "common.h"

struct sqlite3;
struct CloseDatabase {
  void operator()(sqlite3* database) const;
};
struct Input {
  std::string query;
  std::unique_ptr<sqlite3, CloseDatabase> connection;
};
class Bad {
 public:
  perdure::Task<int> run(const Input& input);
};
const auto definition = perdure::detail::workflow_definition<Bad>();
