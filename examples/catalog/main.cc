// catalog DIR --state STATE --out MANIFEST: a list of every file below DIR with its size and SHA-256. Kill it
// whenever you like and start it again with the same arguments: it goes on where it was.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>

#include "catalog.h"

namespace {

// Prints how far the work is, until it is destroyed.
class Progress {
 public:
  Progress() : thread_([this](std::stop_token stop) { print_until(stop); }) {}

 private:
  void print_until(std::stop_token stop) {
    const bool terminal = isatty(STDERR_FILENO) != 0;
    std::int64_t shown = -1;
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, stop, std::chrono::milliseconds(terminal ? 100 : 1000),
                              [] { return false; })) {
      if (const std::int64_t files = files_measured(); files != shown) {
        std::fprintf(stderr, terminal ? "\r%lld files measured" : "%lld files measured\n",
                     static_cast<long long>(files));
        shown = files;
      }
      if (stop.stop_requested()) {
        break;
      }
    }
    if (terminal && shown >= 0) {
      std::fprintf(stderr, "\r\n");
    }
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::jthread thread_;
};

struct Arguments {
  std::string directory;
  std::string state;
  std::string out;
  std::string count;
  int slots = 4;
  int page_size = 1000;
};

int catalog(const Arguments& arguments) {
  const std::string directory = std::filesystem::canonical(arguments.directory);
  const std::string manifest = std::filesystem::absolute(arguments.out).lexically_normal();

  perdure::Client client = perdure::Client::connect("file:" + arguments.state);
  perdure::Worker worker(client,
                         {.task_queue = "catalog",
                          .workflows = perdure::workflows<Catalog>(),
                          .activities = perdure::activities<list_page, measure, write_part, write_manifest>(),
                          .max_concurrent_activities = arguments.slots});
  worker.start();

  // One catalog for a directory and a manifest: starting again attaches to the one that runs, or to its
  // result.
  const std::string id = "catalog " + directory + " > " + manifest;
  auto handle = client.get_workflow_handle<Catalog>(id);
  try {
    handle = client.start_workflow<Catalog>(
        {.directory = directory, .manifest = manifest, .page_size = arguments.page_size},
        {.id = id,
         .task_queue = "catalog",
         .id_reuse_policy = perdure::WorkflowIdReusePolicy::kRejectDuplicate});
    std::printf("started\n");
  } catch (const perdure::WorkflowAlreadyStartedError&) {
    std::printf("attached\n");
  }
  std::printf("first run id %s\n", handle.describe().first_run_id.c_str());
  std::fflush(stdout);

  CatalogResult result;
  {
    Progress progress;
    result = handle.result();
  }
  worker.stop();
  std::printf("%lld files, %lld bytes: %s\n", static_cast<long long>(result.files),
              static_cast<long long>(result.bytes), manifest.c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{"Catalogs every file below a directory, durably."};
  app.add_option("DIR", arguments.directory, "the directory to catalog")
      ->required()
      ->check(CLI::ExistingDirectory);
  app.add_option("--state", arguments.state, "the state directory")->required();
  app.add_option("--out", arguments.out, "the manifest to write")->required();
  app.add_option("--slots", arguments.slots, "files measured at once")->check(CLI::Range(1, 1000));
  app.add_option("--page-size", arguments.page_size, "files in one run of the workflow")
      ->check(CLI::Range(1, 1000));
  app.add_option("--count", arguments.count, "append a line to this file for every execution of measure");
  CLI11_PARSE(app, argc, argv);
  try {
    if (!arguments.count.empty()) {
      count_executions_in(arguments.count);
    }
    return catalog(arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "catalog: %s\n", error.what());
    return 1;
  }
}
