#pragma once
// How fast a worker rebuilds a workflow from its history.
#include "results.h"

namespace perdure::bench {

void bench_replay(Results& results);

}  // namespace perdure::bench
