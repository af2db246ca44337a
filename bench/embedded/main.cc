// perdure-bench [--folder DIR] [--most N]: what the embedded engine costs, beside a bare log on the same
// disk, in one run.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "one_activity.h"
#include "open_executions.h"
#include "replay.h"

int main(int argc, char** argv) {
  std::filesystem::path folder = "build/bench-state";
  int most = 100'000;
  CLI::App app{"Measures the embedded engine."};
  app.add_option("--folder", folder,
                 "where state directories are made, on the disk to be measured; emptied first");
  app.add_option("--most", most, "the largest number of open workflows")->check(CLI::Range(1000, 1'000'000));
  CLI11_PARSE(app, argc, argv);
  try {
    std::filesystem::remove_all(folder);
    perdure::bench::bench_memory(folder);  // first, while the heap is small
    perdure::bench::bench_one_activity(folder);
    perdure::bench::bench_replay();
    perdure::bench::bench_growth(folder, most);
    std::filesystem::remove_all(folder);
  } catch (const std::exception& error) {
    fmt::print(stderr, "perdure-bench: {}\n", error.what());
    return 1;
  }
}
