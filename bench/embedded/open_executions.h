#pragma once
// What an open workflow that waits costs, and whether anything grows faster than the number of them.
#include <filesystem>

#include "results.h"

namespace perdure::bench {

// Memory of an open idle workflow, and of one that a worker has in its cache.
void bench_memory(const std::filesystem::path& folder, Results& results);
// CPU of a start and of a signal with 1,000 · 10,000 · 100,000 open workflows (up to `most`), and the time to
// reopen.
void bench_growth(const std::filesystem::path& folder, int most, Results& results);

}  // namespace perdure::bench
