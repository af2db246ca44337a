#include "cli/test_server_command.h"

#include <fmt/format.h>
#include <google/protobuf/stubs/logging.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "base/check.h"
#include "cli/stop_signals.h"
#include "host/engine.h"
#include "runtime/virtual_clock.h"
#include "server/log.h"
#include "server/server.h"
#include "storage/memory/memory_storage.h"
#include "test_service/test_service.h"

namespace perdure::cli {
namespace {

constexpr std::chrono::seconds kGrace{1};

Timestamp real_time() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return Timestamp{std::chrono::duration_cast<std::chrono::nanoseconds>(since_1970).count()};
}

// Protobuf writes to stderr what it does not like about requests; the client is told, that is enough.
void drop_protobuf_log(google::protobuf::LogLevel, const char*, int, const std::string&) {}

int serve(int port, bool time_skipping) {
  const sigset_t signals = block_stop_signals();
  auto owned_clock = std::make_unique<runtime::VirtualClock>(real_time());
  runtime::VirtualClock& clock = *owned_clock;
  if (time_skipping) {
    check(clock.unlock(), "a new clock is locked once");
  }
  host::Engine engine(storage::open_memory_storage(), std::move(owned_clock));
  clock.set_waker([&engine] { engine.wake(); });
  test_service::TestService service(clock);
  const auto log = std::make_shared<const server::Log>(server::LogLevel::kWarning);
  server::Log::take_over_grpc(log);
  google::protobuf::SetLogHandler(drop_protobuf_log);
  server::ServerOptions options{.address = fmt::format("127.0.0.1:{}", port), .log = log};
  options.extra_services = {&service};
  auto server = server::Server::start(engine.frontend(), options);
  if (!server.ok()) {
    fmt::print(stderr, "perdure-test-server: {}\n", server.status().message());
    return 1;
  }
  fmt::print("perdure-test-server: serving {}, in memory, time skipping {}\n", (*server)->address(),
             time_skipping ? "enabled" : "locked until a test unlocks it");
  std::fflush(stdout);
  wait_for_stop_signal(signals, [](int) {});
  let_stop_signals_end_the_process(signals);
  (*server)->drain(kGrace);
  (void)engine.stop();  // a store in memory has nothing to lose
  clock.end();
  return 0;
}

}  // namespace

int run_test_server(int argc, char** argv) {
  CLI::App app(
      "Perdure in memory, with a clock that tests move. Temporal's SDKs start it in the place of their test "
      "server.",
      "perdure-test-server");
  app.set_version_flag("--version", "perdure-test-server " PERDURE_VERSION);
  int port = 0;
  bool time_skipping = false;
  app.add_option("PORT", port, "of 127.0.0.1; 0: any free one")->required()->check(CLI::Range(0, 65535));
  app.add_flag("--enable-time-skipping", time_skipping,
               "time skips from the beginning (default: when a test unlocks it)");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  return serve(port, time_skipping);
}

}  // namespace perdure::cli
