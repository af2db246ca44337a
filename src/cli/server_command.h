#pragma once
// `perdure server`: the service on a socket until a signal ends it.
#include <chrono>
#include <string>

#include "server/server.h"

namespace perdure::cli {

inline constexpr int kMetricsPortOffset = 2000;

struct ServerCommand {
  std::string data{};  // the state directory; empty: default_data_directory()
  server::ServerOptions server{};
  bool default_metrics =
      true;  // server.metrics_address is not given: kMetricsPortOffset above the address's port
  std::string log_level = "info";
};

// $XDG_STATE_HOME/perdure or ~/.local/state/perdure; empty if neither is known.
std::string default_data_directory();

// Returns the exit code: 0 after SIGINT or SIGTERM, 1 if it cannot start.
int serve_until_stopped(ServerCommand command);

}  // namespace perdure::cli
