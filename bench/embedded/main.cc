// perdure-bench [--folder DIR] [--most N] [--json FILE]: what the embedded engine costs, beside a bare log on
// the same disk, in one run. With --only-replay: nothing but the replay, beside --go-replayer PROGRAM. With
// --only-own-loop: nothing but workflows on the program's own loop. With --only-workflows N: nothing but N
// workflows with one activity, --concurrent of them at a time, for a profiler.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "one_activity.h"
#include "open_executions.h"
#include "own_loop.h"
#include "replay.h"
#include "results.h"

int main(int argc, char** argv) {
  std::filesystem::path folder = "build/bench-state";
  int most = 100'000;
  std::filesystem::path json;
  int only_workflows = 0;
  int concurrent = 512;
  bool only_replay = false;
  bool only_own_loop = false;
  perdure::bench::ReplayOptions replay;
  CLI::App app{"Measures the embedded engine."};
  app.add_option("--folder", folder,
                 "where state directories are made, on the disk to be measured; emptied first");
  app.add_option("--most", most, "the largest number of open workflows")->check(CLI::Range(1000, 1'000'000));
  app.add_option("--json", json, "also write the measurements to this file, one JSON object a line");
  app.add_option("--only-workflows", only_workflows, "nothing but this many workflows with one activity")
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--concurrent", concurrent, "with --only-workflows: how many at a time")
      ->check(CLI::Range(1, 10'000));
  app.add_flag("--only-replay", only_replay, "nothing but the replay of a history");
  app.add_flag("--only-own-loop", only_own_loop, "nothing but workflows on the program's own loop");
  app.add_option("--rounds", replay.rounds, "rounds of the replay")->check(CLI::Range(1, 1000));
  app.add_option("--go-replayer", replay.go_replayer,
                 "the same replay with the Go SDK, from tests/polyglot/go/replay");
  CLI11_PARSE(app, argc, argv);
  try {
    perdure::bench::Results results(json);
    std::filesystem::remove_all(folder);
    replay.folder = folder;
    if (only_replay) {
      perdure::bench::bench_replay(replay, results);
      std::filesystem::remove_all(folder);
      return 0;
    }
    if (only_own_loop) {
      perdure::bench::bench_own_loop(folder, results);
      std::filesystem::remove_all(folder);
      return 0;
    }
    if (only_workflows > 0) {
      perdure::bench::run_only_workflows(folder, concurrent, only_workflows);
      std::filesystem::remove_all(folder);
      return 0;
    }
    perdure::bench::bench_memory(folder, results);  // first, while the heap is small
    perdure::bench::bench_one_activity(folder, results);
    perdure::bench::bench_own_loop(folder, results);
    perdure::bench::bench_replay(replay, results);
    perdure::bench::bench_growth(folder, most, results);
    std::filesystem::remove_all(folder);
  } catch (const std::exception& error) {
    fmt::print(stderr, "perdure-bench: {}\n", error.what());
    return 1;
  }
}
