#include "programs.h"

#include <chrono>

namespace perdure::bench {

std::int64_t bench_activity(BenchInput input) { return input.number + 1; }

perdure::Task<std::int64_t> OneActivity::run(BenchInput input) {
  co_return co_await workflow::execute_activity<bench_activity>(
      input, {.start_to_close_timeout = std::chrono::seconds(60)});
}

perdure::Task<std::int64_t> Idle::run(BenchInput input) {
  co_await workflow::wait_condition([] { return false; });
  co_return input.number;
}

}  // namespace perdure::bench
