#pragma once
// What Prometheus is told about the engine behind a server.
#include "host/engine.h"
#include "server/metrics.h"

namespace perdure::server {

// `engine` outlives the function that is returned, which asks the engine's thread and waits for it briefly.
Figures engine_figures(host::Engine& engine);

}  // namespace perdure::server
