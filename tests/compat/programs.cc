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

namespace compat_programs {

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

// Queried, updated, refused; the client acts when there is a worker.
class Updated {
 public:
  static constexpr std::string_view workflow_name = "Updated";
  perdure::Task<std::int64_t> run(Input input) {
    total_ = input.number;
    co_await workflow::wait_condition([this] { return done_ && workflow::all_handlers_finished(); });
    co_return total_;
  }
  std::int64_t total() const { return total_; }
  perdure::Task<std::int64_t> add(std::int64_t amount) {
    co_await workflow::execute_activity<echo>({.text = "add", .number = amount},
                                              {.start_to_close_timeout = 10s});
    co_return total_ += amount;
  }
  void check(std::int64_t amount) const {
    if (amount < 0) {
      throw perdure::ApplicationError("less than nothing", {.type = "Negative"});
    }
  }
  std::int64_t finish() {
    done_ = true;
    return total_;
  }
  static constexpr auto queries = perdure::queries<&Updated::total>();
  static constexpr auto updates =
      perdure::updates<perdure::validated_by<&Updated::add, &Updated::check>, &Updated::finish>();

 private:
  std::int64_t total_ = 0;
  bool done_ = false;
};

// Ends a second after it was told to.
class Child {
 public:
  static constexpr std::string_view workflow_name = "Child";
  perdure::Task<std::string> run(Input input) {
    co_await workflow::wait_condition([this] { return told_; });
    co_await workflow::sleep(1s);
    if (input.number < 0) {
      throw perdure::ApplicationError("negative", {.type = "Negative"});
    }
    co_return input.text + " is done";
  }
  void tell() { told_ = true; }
  static constexpr auto signals = perdure::signals<&Child::tell>();

 private:
  bool told_ = false;
};

class Family {
 public:
  static constexpr std::string_view workflow_name = "Family";
  perdure::Task<std::string> run(Input input) {
    std::string what = co_await bring_up({.text = input.text, .number = 1}, "-good");
    try {
      co_await bring_up({.text = input.text, .number = -1}, "-bad");
    } catch (const perdure::ChildWorkflowError& error) {
      what += std::string(", ") + error.cause()->what();
    }
    const auto cancelled =
        co_await workflow::start_child_workflow<Child>({.text = "x", .number = 1}, options("-sad"));
    cancelled.cancel();
    try {
      co_await cancelled;
    } catch (const perdure::CancelledError&) {
      what += ", cancelled";
    }
    co_return what;
  }

 private:
  static perdure::ChildWorkflowOptions options(const std::string& suffix) {
    return {.id = workflow::info().workflow_id + suffix};
  }
  static perdure::Task<std::string> bring_up(Input input, std::string suffix) {
    const auto child = co_await workflow::start_child_workflow<Child>(input, options(suffix));
    co_await child.signal<&Child::tell>();
    co_return co_await child;
  }
};

// Nobody is there to be told.
class Lonely {
 public:
  static constexpr std::string_view workflow_name = "Lonely";
  perdure::Task<std::string> run(Input) {
    const auto nobody = workflow::get_external_workflow_handle(workflow::info().workflow_id + "-nobody");
    std::string what;
    try {
      co_await nobody.signal("hello");
    } catch (const perdure::ApplicationError& error) {
      what = error.what();
    }
    try {
      co_await nobody.cancel();
    } catch (const perdure::ApplicationError& error) {
      what += std::string(", ") + error.what();
    }
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
    add<W>(number, act, [](const auto&) {});
  }
  // `later` gets it when there is a worker.
  template <class W, class Act, class Later>
  void add(std::int64_t number, Act act, Later later) {
    const std::string name(perdure::workflow_name<W>);
    auto handle = client_.start_workflow<W>(
        {.text = "compat", .number = number},
        {.id = prefix_ + name, .task_queue = queue(), .execution_timeout = std::chrono::minutes(1)});
    act(handle);
    endings_.push_back([this, handle, name, later] {
      later(handle);
      write(handle, name);
    });
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
  programs.add<Updated>(
      3, [](const auto&) {},
      [](const auto& handle) {
        handle.template query<&Updated::total>();  // the first workflow task is over
        handle.template execute_update<&Updated::add>(4, {.id = "four"});
        try {
          handle.template execute_update<&Updated::add>(-4);
        } catch (
            const perdure::WorkflowUpdateFailedError&) {  // NOLINT(bugprone-empty-catch): as it should be
        }
        handle.template execute_update<&Updated::finish>({.id = "finish"});
      });
  programs.add<Family>(1);
  programs.add<Lonely>(1);
  perdure::Worker worker(
      client,
      {.task_queue = programs.queue(),
       .workflows = perdure::workflows<OneActivity, Retried, CaughtFailure, Signalled, Cancelled, Continuing,
                                       Failing, LocalActivity, LocalRetried, LocalBackedOff, LocalFailing,
                                       Updated, Child, Family, Lonely>(),
       .activities = perdure::activities<echo, stubborn, refusing>(),
       .identity = "worker",
       .disable_eager_activity_execution = true});
  worker.start();
  programs.finish();
  worker.stop();
}

}  // namespace compat_programs

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: perdure-compat-programs TARGET PREFIX FOLDER\n");
    return 2;
  }
  try {
    compat_programs::run(argv[1], argv[2], argv[3]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[1], error.what());
    return 1;
  }
}
