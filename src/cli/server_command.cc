#include "cli/server_command.h"

#include <fmt/format.h>
#include <google/protobuf/stubs/logging.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "cli/stop_signals.h"
#include "host/engine.h"
#include "server/address.h"
#include "server/engine_figures.h"
#include "server/log.h"

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

// Each connection is a file descriptor, and shells allow few.
void allow_many_connections() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

// Protobuf writes to stderr what it does not like about requests; the client is told, that is enough.
void drop_protobuf_log(google::protobuf::LogLevel, const char*, int, const std::string&) {}

// Empty if the address makes no sense: the server says so.
std::string metrics_address_for(const std::string& address) {
  const auto parsed = server::parse_address(address);
  if (!parsed.ok()) {
    return "";
  }
  const int port = parsed->port == 0 ? 0 : parsed->port + kMetricsPortOffset;
  return fmt::format("127.0.0.1:{}", port > 65535 ? 0 : port);
}

int serve(const ServerCommand& command, const std::shared_ptr<const server::Log>& log) {
  const sigset_t signals = block_stop_signals();
  allow_many_connections();
  auto engine = host::Engine::open(command.data);
  if (!engine.ok()) {
    return refuse(engine.status().message());
  }
  server::ServerOptions options = command.server;
  options.log = log;
  options.figures = server::engine_figures(**engine);
  if (command.default_metrics) {
    options.metrics_address = metrics_address_for(options.address);
    options.metrics_optional = true;  // nobody asked for this port
  }
  auto server = server::Server::start((*engine)->frontend(), options);
  if (!server.ok()) {
    return refuse(server.status().message());
  }
  const std::string& metrics = (*server)->metrics_address();
  fmt::print("perdure: serving {}, data in {}{}\n", (*server)->address(), command.data,
             metrics.empty() ? "" : fmt::format(", metrics on http://{}/metrics", metrics));
  std::fflush(stdout);
  wait_for_stop_signal(signals, [&](int signal) {
    log->write(server::LogLevel::kInfo, "signal",
               {{"name", sigabbrev_np(signal)}, {"means", signal == SIGHUP ? "nothing" : "stop"}});
  });
  let_stop_signals_end_the_process(signals);
  (*server)->drain(kGrace);
  server->reset();
  const Status closed = (*engine)->stop();
  return closed.ok() ? 0 : refuse("closing the state directory: " + closed.message());
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
  const auto level = server::parse_log_level(command.log_level);
  if (!level) {
    return refuse("the log level \"" + command.log_level + "\" is none of debug, info, warning, error, off");
  }
  command.data = absolute(command.data);
  std::error_code failed;
  std::filesystem::create_directories(std::filesystem::path(command.data).parent_path(), failed);
  const auto log = std::make_shared<const server::Log>(*level);
  server::Log::take_over_grpc(log);
  google::protobuf::SetLogHandler(drop_protobuf_log);
  return serve(command, log);
}

}  // namespace perdure::cli
