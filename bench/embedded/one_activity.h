#pragma once
// Workflows with one activity, a fixed number of them under way at any time.
#include <filesystem>

#include "results.h"

namespace perdure::bench {

// Prints a table row for each of 1, 32 and 512 under way, and the floor that they are compared with.
void bench_one_activity(const std::filesystem::path& folder, Results& results);

// `total` of these workflows, `concurrent` at a time, and nothing else: for a profiler. Prints their cost.
void run_only_workflows(const std::filesystem::path& folder, int concurrent, int total);

}  // namespace perdure::bench
