#pragma once
// SQLite's result codes as Statuses of storage.h's contract.
#include <sqlite3.h>

#include <string_view>

#include "base/status.h"

namespace perdure::storage {

// True for what only damaged or foreign bytes cause: a page whose checksum is wrong, a broken tree, a missing
// table.
bool is_damage(int result_code);

// kResourceExhausted for a full disk, kDataLoss for damage, kFailedPrecondition for a disk that may not be
// written, kUnavailable for everything else. `doing` completes "cannot …", e.g. "commit to 'dir'".
Status status_of(sqlite3* db, int result_code, std::string_view doing);
// The same for a statement that does not compile: then a table or column is missing, which is damage too.
Status status_of_prepare(sqlite3* db, int result_code, std::string_view sql);

// What every message about damage ends with.
inline constexpr std::string_view kDamageAdvice =
    "stop the program, run `perdure fsck` on the state directory, and restore it from a copy";

}  // namespace perdure::storage
