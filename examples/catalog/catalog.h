#pragma once
// The workflow: pages through a directory, one run a page, so that its history stays short however many files
// there are.
#include <perdure/perdure.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "activities.h"

struct CatalogInput {
  std::string directory;
  std::string manifest;
  int page_size = 1000;
  // Where the chain of runs stands.
  std::string after;
  std::int64_t pages = 0;
  std::int64_t files = 0;
  std::int64_t bytes = 0;
};

struct CatalogResult {
  std::int64_t files = 0;
  std::int64_t bytes = 0;
};

// [workflow]
class Catalog {
 public:
  perdure::Task<CatalogResult> run(CatalogInput input) {
    namespace workflow = perdure::workflow;
    using namespace std::chrono_literals;
    const perdure::ActivityOptions options{.start_to_close_timeout = 5min};

    const std::vector<std::string> paths =
        co_await workflow::execute_activity<list_page>({.directory = input.directory,
                                                        .after = input.after,
                                                        .limit = input.page_size,
                                                        .files_done = input.files},
                                                       options);
    if (paths.empty()) {
      co_await workflow::execute_activity<write_manifest>({.manifest = input.manifest, .parts = input.pages},
                                                          options);
      co_return CatalogResult{.files = input.files, .bytes = input.bytes};
    }

    std::vector<perdure::workflow::ActivityHandle<FileRecord>> measuring;
    for (const std::string& path : paths) {
      measuring.push_back(
          workflow::start_activity<measure>({.directory = input.directory, .path = path}, options));
    }
    Part part{.manifest = input.manifest, .number = input.pages};
    for (auto& handle : measuring) {
      part.records.push_back(co_await handle);
      input.bytes += part.records.back().size;
    }
    co_await workflow::execute_activity<write_part>(part, options);

    input.after = paths.back();
    input.pages += 1;
    input.files += static_cast<std::int64_t>(paths.size());
    co_return workflow::continue_as_new<Catalog>(input);
  }
};
// [workflow]
