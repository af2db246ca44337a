#pragma once
// The load of the benchmarks: workflows with one activity, a fixed number of them under way at any time.
#include <chrono>
#include <string>
#include <vector>

#include "client/connection.h"

namespace perdure::bench {

// Keeps `concurrent` workflows OneActivity under way on queue "bench" until `total` have completed; their ids
// begin with `prefix`. Each call is asynchronous, as a server's would be. Returns the times from the start
// call to the result, one for each workflow.
std::vector<std::chrono::nanoseconds> run_workflows(client::Connection& connection, const std::string& prefix,
                                                    int concurrent, int total);

}  // namespace perdure::bench
