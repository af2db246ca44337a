#include "cli/cli.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "cli/fsck.h"
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
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  return state->parsed() ? print_state(directory, json) : print_report(directory, check_directory(directory));
}

}  // namespace perdure::cli
