// record-histories FOLDER VERSION: runs every program of programs.h embedded and writes its history to
// FOLDER/VERSION-PROGRAM.json. A file that exists is never overwritten: what was recorded stays.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "programs.h"

namespace {

using namespace histories;

class Recorder {
 public:
  Recorder(perdure::Client client, std::filesystem::path folder, std::string version)
      : client_(std::move(client)), folder_(std::move(folder)), version_(std::move(version)) {}

  template <class W>
  auto start(std::int64_t number) {
    const std::string id(perdure::workflow_name<W>);
    return client_.start_workflow<W>({.text = "history", .number = number},
                                     {.id = id, .task_queue = "histories"});
  }

  template <class Handle>
  void keep(Handle handle) {
    try {
      handle.result();
    } catch (const perdure::WorkflowFailureError&) {
      // Its history is what we want.
    }
    const std::filesystem::path file = folder_ / (version_ + "-" + handle.id() + ".json");
    if (std::filesystem::exists(file)) {
      std::printf("kept %s\n", file.c_str());
      return;
    }
    std::ofstream(file) << handle.fetch_history();
    std::printf("wrote %s\n", file.c_str());
  }

 private:
  perdure::Client client_;
  std::filesystem::path folder_;
  std::string version_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: record-histories FOLDER VERSION\n");
    return 2;
  }
  std::string pattern = std::filesystem::temp_directory_path() / "perdure-histories-XXXXXX";
  const std::string state = mkdtemp(pattern.data());
  {
    auto client = perdure::Client::connect("file:" + state);
    perdure::Worker worker(
        client,
        {.task_queue = "histories",
         .workflows = perdure::workflows<OneActivity, ParallelActivities, Retried, CaughtFailure, Signalled,
                                         Cancelled, Continuing, Failing, LocalActivities>(),
         .activities = perdure::activities<echo, stubborn, refusing>()});
    worker.start();
    Recorder recorder(client, argv[1], argv[2]);
    recorder.keep(recorder.start<OneActivity>(1));
    recorder.keep(recorder.start<ParallelActivities>(5));
    recorder.keep(recorder.start<Retried>(1));
    recorder.keep(recorder.start<CaughtFailure>(1));
    auto signalled = recorder.start<Signalled>(1);
    signalled.signal<&Signalled::say>(" one");
    signalled.signal<&Signalled::say>(" two");
    recorder.keep(signalled);
    auto cancelled = recorder.start<Cancelled>(1);
    cancelled.cancel("recorded");
    recorder.keep(cancelled);
    recorder.keep(recorder.start<Continuing>(1));
    recorder.keep(recorder.start<Failing>(1));
    recorder.keep(recorder.start<LocalActivities>(1));
    worker.stop();
  }
  std::filesystem::remove_all(state);
}
