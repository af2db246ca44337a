#include "cli/cli.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <utility>

#include "cli/fsck.h"
#include "cli/server_command.h"
#include "cli/state_command.h"

#ifndef PERDURE_VERSION
#error "the build defines PERDURE_VERSION"
#endif

namespace perdure::cli {
namespace {

int print_state(const std::string& directory, bool json) {
  const auto text = json ? list_state_json(directory) : list_state(directory);
  if (!text.ok()) {
    fmt::print(stderr, "perdure: {}\n", text.status().message());
    return 1;
  }
  fmt::print("{}", *text);
  return 0;
}

CLI::App* add_server_command(CLI::App& app, ServerCommand* command) {
  CLI::App* server = app.add_subcommand("server", "serves Temporal's API until it gets SIGINT or SIGTERM");
  server->add_option("--data", command->data,
                     "the state directory (default: perdure in $XDG_STATE_HOME or ~/.local/state)");
  server->add_option("--address", command->server.address, "HOST:PORT to serve (default: 127.0.0.1:7233)");
  server->add_option(
      "--metrics-address", command->server.metrics_address,
      "HOST:PORT for Prometheus, \"\" for none (default: 127.0.0.1, port 2000 above the address's)");
  server->add_option("--log-level", command->log_level, "debug, info (default), warning, error, off");
  server->add_option("--tls-cert", command->server.tls.certificate, "PEM file: the server's certificates");
  server->add_option("--tls-key", command->server.tls.key, "PEM file: the certificate's key");
  server->add_option("--tls-client-ca", command->server.tls.client_ca,
                     "PEM file: clients must show a certificate of this authority");
  server->add_flag("--insecure", command->server.insecure,
                   "serve an address that other machines can reach without TLS");
  return server;
}

}  // namespace

int run(int argc, char** argv) {
  CLI::App app("Durable execution, Temporal-compatible.", "perdure");
  app.set_version_flag("--version", "perdure " PERDURE_VERSION);
  app.require_subcommand(1);
  std::string directory;
  CLI::App* state = app.add_subcommand("state", "lists what a stopped state directory holds");
  state->add_option("DIR", directory, "the state directory")->required();
  bool json = false;
  state->add_flag("--json", json, "print one JSON object, with what each run waits for");
  CLI::App* fsck = app.add_subcommand(
      "fsck", "checks a stopped state directory; exit code 0 clean, 1 damaged, 2 not checkable");
  fsck->add_option("DIR", directory, "the state directory")->required();
  ServerCommand serving;
  CLI::App* server = add_server_command(app, &serving);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  if (server->parsed()) {
    serving.default_metrics = server->count("--metrics-address") == 0;
    return serve_until_stopped(std::move(serving));
  }
  return state->parsed() ? print_state(directory, json) : print_report(directory, check_directory(directory));
}

}  // namespace perdure::cli
