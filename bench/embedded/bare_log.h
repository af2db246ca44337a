#pragma once
// The floor: what a program would do that appends its steps to a preallocated file and syncs each one.
#include <chrono>
#include <filesystem>

namespace perdure::bench {

struct BareLog {
  double steps_per_second = 0;
  std::chrono::nanoseconds p50{};
  std::chrono::nanoseconds p99{};
};

// write(1 KiB) + fdatasync for `duration`, into a file below `folder` whose blocks were written before.
BareLog measure_bare_log(const std::filesystem::path& folder, std::chrono::milliseconds duration);

}  // namespace perdure::bench
