#include "cli/listing.h"

#include "storage/sqlite/sqlite_storage.h"

namespace perdure::cli {
namespace {

constexpr int kPage = 1000;

}  // namespace

Result<std::unique_ptr<storage::Storage>> open_for_listing(const std::string& directory) {
  return storage::open_sqlite(
      {.directory = directory, .holder = "perdure state", .create_if_missing = false, .read_only = true});
}

Status for_each_run(storage::Storage& store, const std::function<Status(const storage::RunSummary&)>& visit) {
  ExecutionId after;
  for (;;) {
    const auto runs = store.list_runs(after, kPage);
    if (!runs.ok()) {
      return runs.status();
    }
    if (runs->empty()) {
      return {};
    }
    for (const storage::RunSummary& run : *runs) {
      if (Status visited = visit(run); !visited.ok()) {
        return visited;
      }
    }
    after = runs->back().execution;
  }
}

}  // namespace perdure::cli
