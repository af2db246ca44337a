#include "cli/server_command.h"

#include <fmt/format.h>
#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "host/engine.h"

namespace perdure::cli {
namespace {

constexpr std::chrono::seconds kGrace{5};

int refuse(const std::string& why) {
  fmt::print(stderr, "perdure: {}\n", why);
  return 1;
}

std::string absolute(const std::string& path) {
  std::error_code failed;
  const auto whole = std::filesystem::absolute(path, failed);
  return failed ? path : whole.lexically_normal().string();
}

// The signals of a server are taken by one thread; call before any other thread starts.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    sigaddset(&signals, signal);
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);  // a peer that is gone is an error of its connection
  return signals;
}

// Returns the signal that ends the server.
int wait_for_stop(const sigset_t& signals) {
  for (;;) {
    int signal = 0;
    if (sigwait(&signals, &signal) == 0 && signal != SIGHUP) {
      return signal;
    }
  }
}

// A second signal while the server drains ends the process at once: what was acknowledged is durable.
void let_signals_end_the_process(const sigset_t& signals) {
  ::signal(SIGHUP, SIG_IGN);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

}  // namespace

std::string default_data_directory() {
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && state[0] == '/') {
    return std::string(state) + "/perdure";
  }
  const char* home = std::getenv("HOME");
  return home != nullptr && home[0] == '/' ? std::string(home) + "/.local/state/perdure" : "";
}

int serve_until_stopped(ServerCommand command) {
  if (command.data.empty()) {
    command.data = default_data_directory();
  }
  if (command.data.empty()) {
    return refuse("neither XDG_STATE_HOME nor HOME is set; name the state directory with --data DIR");
  }
  command.data = absolute(command.data);
  std::error_code failed;
  std::filesystem::create_directories(std::filesystem::path(command.data).parent_path(), failed);
  const sigset_t signals = block_signals();
  auto engine = host::Engine::open(command.data);
  if (!engine.ok()) {
    return refuse(engine.status().message());
  }
  auto server = server::Server::start((*engine)->frontend(), command.server);
  if (!server.ok()) {
    return refuse(server.status().message());
  }
  fmt::print("perdure: serving {}, data in {}\n", (*server)->address(), command.data);
  std::fflush(stdout);
  wait_for_stop(signals);
  let_signals_end_the_process(signals);
  (*server)->drain(kGrace);
  return 0;
}

}  // namespace perdure::cli
