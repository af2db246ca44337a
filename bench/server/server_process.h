#pragma once
// A server under measurement: a child process, and what /proc says of it.
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace perdure::bench {

class ServerProcess {
 public:
  // Runs `command` with its output in `log`. Throws std::runtime_error if it cannot.
  ServerProcess(std::string name, const std::vector<std::string>& command, const std::string& log);
  // SIGTERM, and SIGKILL after ten seconds.
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  const std::string& name() const { return name_; }
  // User and system time of all its threads so far; steps of 10 ms.
  std::chrono::nanoseconds cpu() const;
  std::uint64_t resident_bytes() const;
  int threads() const;

 private:
  std::string name_;
  pid_t process_;
};

// Waits until something listens on `port` of 127.0.0.1. Throws std::runtime_error after a minute.
void wait_for_port(int port);
// A port of 127.0.0.1 that nothing listens on.
int free_port();

}  // namespace perdure::bench
