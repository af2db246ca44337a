#pragma once
// Perdure on a loop of the program's own, beside the same with a thread for the engine.
#include <filesystem>

#include "results.h"

namespace perdure::bench {

// Prints, for 1, 32 and 512 workflows with one activity under way: workflows a second and CPU for each.
void bench_own_loop(const std::filesystem::path& folder, Results& results);

}  // namespace perdure::bench
