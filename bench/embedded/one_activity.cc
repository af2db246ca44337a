#include "one_activity.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <vector>

#include "bare_log.h"
#include "closed_loop.h"
#include "engine_fixture.h"
#include "process.h"

namespace perdure::bench {
namespace {

double microseconds(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1000.0; }

// What one durable step of the whole engine costs alone: a signal to an idle workflow, median.
std::chrono::nanoseconds durable_step(EngineFixture& engine) {
  auto handle = engine.client().start_workflow_by_name<Payload>(
      "Idle", {.id = "durable-step", .task_queue = "nobody polls this"}, BenchInput{});
  std::vector<std::chrono::nanoseconds> samples;
  for (int i = 0; i < 300; ++i) {
    const auto before = std::chrono::steady_clock::now();
    handle.signal("tick");
    samples.push_back(std::chrono::steady_clock::now() - before);
  }
  handle.terminate("measured");
  return percentile(samples, 0.5);
}

// Other users of the machine only ever add to what a workflow costs, by up to two thirds here; the least of
// several rounds is the program's own share, the middle one says how quiet the machine was.
constexpr int kRounds = 10;

void row(EngineFixture& engine, const BareLog& floor, int concurrent, int total, Results& results) {
  run_workflows(engine.connection(), fmt::format("warm-{}-", concurrent), concurrent, concurrent * 4);
  const runtime::InstanceStats before_stats = engine.stats();
  const Usage before = usage_now();
  std::vector<std::chrono::nanoseconds> latencies;
  std::vector<std::chrono::nanoseconds> cpu;  // of one workflow, by round
  for (int round = 0; round < kRounds; ++round) {
    const Usage round_before = usage_now();
    const auto of_round = run_workflows(engine.connection(), fmt::format("run-{}-{}-", concurrent, round),
                                        concurrent, total / kRounds);
    cpu.push_back((usage_now().cpu - round_before.cpu) / (total / kRounds));
    latencies.insert(latencies.end(), of_round.begin(), of_round.end());
  }
  const Usage after = usage_now();
  const runtime::InstanceStats after_stats = engine.stats();

  const double seconds = std::chrono::duration<double>(after.wall - before.wall).count();
  const double per_second = total / seconds;
  const double transitions = static_cast<double>(after_stats.transitions - before_stats.transitions);
  const double least = microseconds(*std::min_element(cpu.begin(), cpu.end()));
  const double middle = microseconds(percentile(cpu, 0.5));
  fmt::print("{:>10} {:>12.0f} {:>9.0f} {:>9.0f} {:>11.0f} {:>9.0f} {:>9.2f} {:>11.2f} {:>10.0f} {:>12.2f}\n",
             concurrent, per_second, microseconds(percentile(latencies, 0.5)),
             microseconds(percentile(latencies, 0.99)), least, middle,
             static_cast<double>(after_stats.commits - before_stats.commits) / total, transitions / total,
             static_cast<double>(after.bytes_written - before.bytes_written) / total,
             transitions / seconds / floor.steps_per_second);
  results.add("one_activity",
              {{"concurrent", concurrent},
               {"workflows_per_second", per_second},
               {"p50_us", microseconds(percentile(latencies, 0.5))},
               {"p99_us", microseconds(percentile(latencies, 0.99))},
               {"cpu_us", least},
               {"cpu_us_median", middle},
               {"commits", static_cast<double>(after_stats.commits - before_stats.commits) / total},
               {"steps", transitions / total},
               {"bytes", static_cast<double>(after.bytes_written - before.bytes_written) / total}});
}

WorkerOptions worker_options() {
  return {.task_queue = "bench",
          .workflows = workflows<OneActivity>(),
          .activities = activities<bench_activity>()};
}

}  // namespace

void bench_one_activity(const std::filesystem::path& folder, Results& results) {
  const BareLog floor = measure_bare_log(folder, std::chrono::milliseconds(2000));
  fmt::print(
      "bare log, preallocated, 1 KiB write + fdatasync: {:.0f} steps/s, p50 {:.0f} us, p99 {:.0f} us\n",
      floor.steps_per_second, microseconds(floor.p50), microseconds(floor.p99));
  results.add("bare_log", {{"steps_per_second", floor.steps_per_second},
                           {"p50_us", microseconds(floor.p50)},
                           {"p99_us", microseconds(floor.p99)}});
  EngineFixture engine(folder / "one-activity");
  Worker worker(engine.client(), worker_options());
  worker.start();
  fmt::print("one durable step of the engine alone (a signal, with its reply): p50 {:.0f} us\n",
             microseconds(durable_step(engine)));
  fmt::print("\nworkflows with one activity, embedded, client and worker in the same process\n");
  fmt::print("CPU: the least of {} rounds, and the middle one\n", kRounds);
  fmt::print("{:>10} {:>12} {:>9} {:>9} {:>11} {:>9} {:>9} {:>11} {:>10} {:>12}\n", "concurrent",
             "workflows/s", "p50 us", "p99 us", "CPU us/wf", "median", "syncs/wf", "steps/wf", "bytes/wf",
             "steps/bare");
  row(engine, floor, 1, 1000, results);
  row(engine, floor, 32, 16000, results);
  row(engine, floor, 512, 40960, results);
  worker.stop();
}

void run_only_workflows(const std::filesystem::path& folder, int concurrent, int total) {
  EngineFixture engine(folder / "only-workflows");
  Worker worker(engine.client(), worker_options());
  worker.start();
  const Usage before = usage_now();
  run_workflows(engine.connection(), "only-", concurrent, total);
  const Usage after = usage_now();
  worker.stop();
  fmt::print("{} workflows: {:.1f} us of CPU, {:.0f} bytes written each\n", total,
             microseconds(after.cpu - before.cpu) / total,
             static_cast<double>(after.bytes_written - before.bytes_written) / total);
}

}  // namespace perdure::bench
