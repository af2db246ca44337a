#pragma once
// What the listings of a state directory have in common: opening it, and going through its runs.
#include <functional>
#include <memory>
#include <string>

#include "base/status.h"
#include "storage/storage.h"

namespace perdure::cli {

// Read-only. Errors are those of storage::open_sqlite.
Result<std::unique_ptr<storage::Storage>> open_for_listing(const std::string& directory);

// Shows every run, oldest first, until `visit` fails.
Status for_each_run(storage::Storage& store, const std::function<Status(const storage::RunSummary&)>& visit);

}  // namespace perdure::cli
