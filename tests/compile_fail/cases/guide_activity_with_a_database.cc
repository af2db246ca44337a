// expect: static assertion failed.*perdure: .* or a library's \(database, session\) cannot cross
// expect: check_parameter<2, sqlite3 \*>
#include "perdure/worker.h"

#include "common.h"

struct sqlite3;
int count_rows(std::string table, sqlite3* database);
const auto list = perdure::activities<count_rows>();
