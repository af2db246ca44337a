#pragma once
// The workflows that the benchmarks run.
#include <perdure/perdure.h>

#include <cstdint>

namespace perdure::bench {

struct BenchInput {
  std::int64_t number = 0;
};

std::int64_t bench_activity(BenchInput input);

// One activity, as the hello program.
class OneActivity {
 public:
  perdure::Task<std::int64_t> run(BenchInput input);
};

// Waits for a signal that never comes.
class Idle {
 public:
  perdure::Task<std::int64_t> run(BenchInput input);
};

}  // namespace perdure::bench
