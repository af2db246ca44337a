#pragma once
// `perdure state DIR`: what a stopped state directory holds.
#include <string>

#include "base/status.h"

namespace perdure::cli {

// One line per run, oldest first, aligned columns. Errors are those of storage::open_sqlite.
Result<std::string> list_state(const std::string& directory);

}  // namespace perdure::cli
