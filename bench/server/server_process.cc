#include "server_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace perdure::bench {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

class Socket {
 public:
  Socket() : file_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~Socket() { close(file_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int file() const { return file_; }

 private:
  int file_;
};

// The number after "NAME:" in /proc/PID/status.
std::uint64_t status_field(pid_t process, const std::string& name) {
  std::ifstream status(fmt::format("/proc/{}/status", process));
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name + ":")) {
      return std::stoull(line.substr(name.size() + 1));
    }
  }
  throw std::runtime_error(fmt::format("process {} is gone", process));
}

}  // namespace

ServerProcess::ServerProcess(std::string name, const std::vector<std::string>& command,
                             const std::string& log)
    : name_(std::move(name)), process_(fork()) {
  if (process_ < 0) {
    throw std::runtime_error("fork failed");
  }
  if (process_ == 0) {
    const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    std::vector<char*> arguments;
    for (const std::string& argument : command) {
      arguments.push_back(const_cast<char*>(argument.c_str()));
    }
    arguments.push_back(nullptr);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
}

ServerProcess::~ServerProcess() {
  kill(process_, SIGTERM);
  for (int i = 0; i < 1000; ++i) {
    if (waitpid(process_, nullptr, WNOHANG) == process_) {
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
}

std::chrono::nanoseconds ServerProcess::cpu() const {
  std::ifstream stat(fmt::format("/proc/{}/stat", process_));
  std::string text((std::istreambuf_iterator<char>(stat)), {});
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) {
    fields >> skipped;
  }
  std::int64_t user = 0;
  std::int64_t system = 0;
  if (!(fields >> user >> system)) {
    throw std::runtime_error(name_ + " is gone");
  }
  return std::chrono::nanoseconds((user + system) * (1'000'000'000 / sysconf(_SC_CLK_TCK)));
}

std::uint64_t ServerProcess::resident_bytes() const { return status_field(process_, "VmRSS") * 1024; }

int ServerProcess::threads() const { return static_cast<int>(status_field(process_, "Threads")); }

void wait_for_port(int port) {
  const sockaddr_in address = loopback(port);
  for (int i = 0; i < 60'000; ++i) {
    const Socket probe;
    if (connect(probe.file(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  throw std::runtime_error(fmt::format("nothing listens on port {}", port));
}

int free_port() {
  const Socket probe;
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (bind(probe.file(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      getsockname(probe.file(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no port can be had");
  }
  return ntohs(address.sin_port);
}

}  // namespace perdure::bench
