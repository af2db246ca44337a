// expect: static assertion failed.*perdure: .* or a library's \(database, session\) cannot cross a workflow
// or activity boundary; open it in an activity expect: check_parameter<1, sqlite3 \*>
#include "common.h"

struct sqlite3;

class Bad {
 public:
  perdure::Task<int> run(sqlite3* database);
};
const auto definition = perdure::detail::workflow_definition<Bad>();
