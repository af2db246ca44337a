// perdure-two-steps TARGET start|go-on|markers LOG APART: a workflow with two local activities that write
// their names and this process's id to LOG; APART is 1 when a timer is between them.
//   start    starts the workflow; its second activity never ends, so the process has to be killed
//   go-on    works on what was started, and prints the workflow's result
//   markers  prints how many markers the history has, and does nothing else
#include <perdure/perdure.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <mutex>
#include <string>

namespace {

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;

constexpr const char* kId = "two-steps";
bool second_hangs = false;

struct Input {
  std::string log;
  bool apart = false;
};

std::string note(const std::string& log, const std::string& step) {
  const std::string line = step + ":" + std::to_string(getpid());
  (std::ofstream(log, std::ios::app) << line << "\n").flush();
  return line;
}

std::string first_step(const std::string& log) { return note(log, "first"); }

std::string second_step(const std::string& log) {
  const std::string line = note(log, "second");
  if (second_hangs) {
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable().wait(lock, [] { return false; });
  }
  return line;
}

class TwoSteps {
 public:
  static constexpr std::string_view workflow_name = "TwoSteps";
  perdure::Task<std::string> run(Input input) {
    const perdure::LocalActivityOptions options{.start_to_close_timeout = 1min};
    const auto first =
        co_await workflow::start_local_activity_by_name<std::string>("first_step", options, input.log);
    if (input.apart) {
      co_await workflow::sleep(1ms);
    }
    const auto second =
        co_await workflow::start_local_activity_by_name<std::string>("second_step", options, input.log);
    co_return first + " " + second;
  }
};

int markers(const perdure::Client& client) {
  const std::string history = client.get_workflow_handle<TwoSteps>(kId).fetch_history();
  int count = 0;
  for (auto at = history.find("EVENT_TYPE_MARKER_RECORDED"); at != std::string::npos;
       at = history.find("EVENT_TYPE_MARKER_RECORDED", at + 1)) {
    ++count;
  }
  return count;
}

void run(const std::string& target, const std::string& what, const Input& input) {
  auto client = perdure::Client::connect(target);
  if (what == "markers") {
    std::cout << markers(client) << "\n";
    return;
  }
  second_hangs = what == "start";
  perdure::Worker worker(client, {.task_queue = "two-steps",
                                  .workflows = perdure::workflows<TwoSteps>(),
                                  .activities = perdure::activities<first_step, second_step>()});
  worker.start();
  if (what == "start") {
    client.start_workflow<TwoSteps>(input, {.id = kId, .task_queue = "two-steps", .task_timeout = 1s});
  }
  std::cout << client.get_workflow_handle<TwoSteps>(kId).result() << "\n";
  worker.stop();
}

}  // namespace

template <>
inline constexpr std::string_view perdure::activity_name<first_step> = "first_step";
template <>
inline constexpr std::string_view perdure::activity_name<second_step> = "second_step";

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: perdure-two-steps TARGET start|go-on|markers LOG APART\n");
    return 2;
  }
  try {
    run(argv[1], argv[2], {.log = argv[3], .apart = std::string(argv[4]) == "1"});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "perdure-two-steps: %s\n", error.what());
    return 1;
  }
}
