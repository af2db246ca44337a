#pragma once
// What an open workflow that waits costs, and whether anything grows faster than the number of them.
#include <filesystem>

namespace perdure::bench {

// `most`: up to how many open workflows (1,000 · 10,000 · 100,000).
void bench_open_executions(const std::filesystem::path& folder, int most);

}  // namespace perdure::bench
