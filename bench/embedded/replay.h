#pragma once
// How fast a worker rebuilds a workflow from its history, beside the replayer of the Go SDK.
#include <filesystem>
#include <string>

#include "results.h"

namespace perdure::bench {

struct ReplayOptions {
  int rounds = 5;
  // PROGRAM HISTORY REPLAYS (tests/polyglot/go/replay); empty: only Perdure is measured.
  std::string go_replayer{};
  std::filesystem::path folder{};  // where the history is written for it
};

void bench_replay(const ReplayOptions& options, Results& results);

}  // namespace perdure::bench
