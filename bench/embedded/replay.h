#pragma once
// How fast a worker rebuilds a workflow from its history.

namespace perdure::bench {

void bench_replay();

}  // namespace perdure::bench
