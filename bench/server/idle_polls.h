#pragma once
// What long polls cost a server that has nothing for them.
#include <string>

#include "server_process.h"

namespace perdure::bench {

struct IdlePolls {
  int polls = 0;
  double bytes_each = 0;  // resident memory of the server
  int more_threads = 0;
};

// Opens `polls` activity polls of as many task queues at HOST:PORT, over twenty connections, and looks at the
// server while they wait.
IdlePolls measure_idle_polls(const ServerProcess& server, const std::string& address, int polls);

}  // namespace perdure::bench
