#include "own_loop.h"

#include <fmt/core.h>
#include <perdure/perdure.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "process.h"
#include "programs.h"

namespace perdure::bench {
namespace {

constexpr int kRounds = 5;

// Keeps `concurrent` workflows under way until `total` have completed; everything on the calling thread, but
// for the engine if it has one.
class LoopLoad {
 public:
  LoopLoad(Pump& pump, const AsyncClient& client, std::string prefix, int total)
      : pump_(pump), client_(client), prefix_(std::move(prefix)), total_(total) {}

  void run(int concurrent) {
    for (int i = 0; i < concurrent; ++i) {
      start_next();
    }
    while (done_ < total_) {
      pump_.wait_and_run(std::chrono::seconds(1));
    }
    if (failed_ > 0) {
      throw std::runtime_error(fmt::format("{} workflows of the benchmark failed", failed_));
    }
  }

 private:
  void start_next() {
    if (next_ == total_) {
      return;
    }
    const int number = next_++;
    client_
        .execute_workflow<OneActivity>(BenchInput{.number = number},
                                       {.id = prefix_ + std::to_string(number), .task_queue = "bench"})
        .then([this](const Answer<std::int64_t>& result) {
          failed_ += result ? 0 : 1;
          ++done_;
          start_next();
        });
  }

  Pump& pump_;
  const AsyncClient& client_;
  const std::string prefix_;
  const int total_;
  int next_ = 0;
  int done_ = 0;
  int failed_ = 0;
};

void row(Pump& pump, const AsyncClient& client, bool engine_thread, int concurrent, int total,
         Results& results) {
  LoopLoad(pump, client, fmt::format("warm-{}-", concurrent), 4 * concurrent).run(concurrent);
  double most = 0;
  double least = 0;
  for (int round = 0; round < kRounds; ++round) {
    const Usage before = usage_now();
    LoopLoad(pump, client, fmt::format("run-{}-{}-", concurrent, round), total).run(concurrent);
    const Usage after = usage_now();
    const double per_second = total / std::chrono::duration<double>(after.wall - before.wall).count();
    const double cpu = std::chrono::duration<double, std::micro>(after.cpu - before.cpu).count() / total;
    most = std::max(most, per_second);
    least = round == 0 ? cpu : std::min(least, cpu);
  }
  fmt::print("{:>15} {:>10} {:>12.0f} {:>11.0f}\n", engine_thread ? "its own thread" : "the loop", concurrent,
             most, least);
  results.add("own_loop", {{"engine_thread", engine_thread ? 1.0 : 0.0},
                           {"concurrent", concurrent},
                           {"workflows_per_second", most},
                           {"cpu_us", least}});
}

}  // namespace

void bench_own_loop(const std::filesystem::path& folder, Results& results) {
  fmt::print(
      "\nworkflows with one activity on the program's own loop (Pump), one thread; the best of {} rounds\n",
      kRounds);
  fmt::print("{:>15} {:>10} {:>12} {:>11}\n", "engine on", "concurrent", "workflows/s", "CPU us/wf");
  for (const bool engine_thread : {false, true}) {
    const auto pump = std::make_shared<Pump>();
    const std::filesystem::path state = folder / (engine_thread ? "own-loop-thread" : "own-loop");
    const Client client =
        Client::connect("file:" + state.string(), {.executor = pump, .engine_thread = engine_thread});
    Worker worker(client, {.task_queue = "bench",
                           .workflows = workflows<OneActivity>(),
                           .activities = activities<bench_activity>(),
                           .function_activities = FunctionActivities::kOnExecutor});
    worker.start();
    const AsyncClient async(client);
    row(*pump, async, engine_thread, 1, 200, results);
    row(*pump, async, engine_thread, 32, 2000, results);
    row(*pump, async, engine_thread, 512, 4096, results);
    worker.stop();
  }
}

}  // namespace perdure::bench
