// perdure-compat-programs TARGET PREFIX FOLDER: runs the programs of tests/histories, and some of its own,
// against TARGET, which is a state directory ("file:DIR") or a server ("HOST:PORT"), and writes what the
// clients got and the histories to FOLDER. One program for every target: only the connection string differs.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "tests/histories/programs.h"

namespace {

using namespace histories;

const perdure::LocalActivityOptions kTenSeconds{.start_to_close_timeout = 10s};
const perdure::LocalActivityOptions kOften{
    .start_to_close_timeout = 10s,
    .retry_policy = perdure::RetryPolicy{.initial_interval = 10ms, .backoff_coefficient = 1.0}};

class LocalActivity {
 public:
  static constexpr std::string_view workflow_name = "LocalActivity";
  perdure::Task<std::string> run(Input input) {
    const auto first = co_await workflow::execute_local_activity<echo>(input, kTenSeconds);
    co_return first +
        co_await workflow::execute_local_activity<echo>({.text = first, .number = 2}, kTenSeconds);
  }
};

// All attempts within one workflow task.
class LocalRetried {
 public:
  static constexpr std::string_view workflow_name = "LocalRetried";
  perdure::Task<std::int64_t> run(Input input) {
    co_return co_await workflow::execute_local_activity<stubborn>(input, kOften);
  }
};

// Each pause is a durable timer, and each attempt a marker.
class LocalBackedOff {
 public:
  static constexpr std::string_view workflow_name = "LocalBackedOff";
  perdure::Task<std::int64_t> run(Input input) {
    perdure::LocalActivityOptions options = kOften;
    options.local_retry_threshold = 1ms;
    co_return co_await workflow::execute_local_activity<stubborn>(input, options);
  }
};

// Caught once, and then the workflow's own failure.
class LocalFailing {
 public:
  static constexpr std::string_view workflow_name = "LocalFailing";
  perdure::Task<std::string> run(Input input) {
    std::string what;
    try {
      co_await workflow::execute_local_activity<refusing>(input, kTenSeconds);
    } catch (const perdure::ActivityError& error) {
      what = error.cause()->what();
    }
    co_await workflow::execute_activity<echo>({.text = what, .number = 1}, {.start_to_close_timeout = 10s});
    co_await workflow::execute_local_activity<refusing>(input, kTenSeconds);
    co_return what;
  }
};

// Runs begin before there is a worker: so what a client sends meets a history that is the same every time.
class Programs {
 public:
  Programs(perdure::Client client, std::string prefix, std::filesystem::path folder)
      : client_(std::move(client)), prefix_(std::move(prefix)), folder_(std::move(folder)) {}

  std::string queue() const { return prefix_ + "queue"; }

  // `act` gets the handle as soon as the run has begun.
  template <class W, class Act>
  void add(std::int64_t number, Act act) {
    const std::string name(perdure::workflow_name<W>);
    auto handle = client_.start_workflow<W>(
        {.text = "compat", .number = number},
        {.id = prefix_ + name, .task_queue = queue(), .execution_timeout = std::chrono::minutes(1)});
    act(handle);
    endings_.push_back([this, handle, name] { write(handle, name); });
  }

  template <class W>
  void add(std::int64_t number) {
    add<W>(number, [](const auto&) {});
  }

  void finish() {
    for (const auto& ending : endings_) {
      ending();
    }
  }

 private:
  template <class Handle>
  void write(const Handle& handle, const std::string& name) {
    std::string outcome = "completed";
    try {
      handle.result();
    } catch (const perdure::WorkflowFailureError& error) {
      outcome = error.what();
    }
    std::ofstream(folder_ / (name + ".json")) << handle.fetch_history();
    std::ofstream(folder_ / (name + ".outcome")) << outcome;
  }

  perdure::Client client_;
  std::string prefix_;
  std::filesystem::path folder_;
  std::vector<std::function<void()>> endings_;
};

void run(const std::string& target, const std::string& prefix, const std::string& folder) {
  auto client = perdure::Client::connect(target, {.identity = "client"});
  Programs programs(client, prefix, folder);
  programs.add<OneActivity>(1);
  programs.add<Retried>(1);
  programs.add<CaughtFailure>(1);
  programs.add<Signalled>(1, [](auto& handle) {
    handle.template signal<&Signalled::say>(" one");
    handle.template signal<&Signalled::say>(" two");
  });
  programs.add<Cancelled>(1, [](auto& handle) { handle.cancel("enough"); });
  programs.add<Continuing>(1);
  programs.add<Failing>(1);
  programs.add<LocalActivity>(1);
  programs.add<LocalRetried>(1);
  programs.add<LocalBackedOff>(1);
  programs.add<LocalFailing>(1);
  perdure::Worker worker(
      client,
      {.task_queue = programs.queue(),
       .workflows = perdure::workflows<OneActivity, Retried, CaughtFailure, Signalled, Cancelled, Continuing,
                                       Failing, LocalActivity, LocalRetried, LocalBackedOff, LocalFailing>(),
       .activities = perdure::activities<echo, stubborn, refusing>(),
       .identity = "worker",
       .disable_eager_activity_execution = true});
  worker.start();
  programs.finish();
  worker.stop();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: perdure-compat-programs TARGET PREFIX FOLDER\n");
    return 2;
  }
  try {
    run(argv[1], argv[2], argv[3]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[1], error.what());
    return 1;
  }
}
