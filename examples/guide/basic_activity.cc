// The three kinds of activities. It prints
//   on a thread: Hello, World!
//   on the event loop: Hello, World!
//   in a process of its own: Hello, World!
#include <perdure/perdure.h>
#include <perdure/process_activities.h>
#include <unistd.h>

#include <iostream>

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;
namespace activity = perdure::activity;

// [kinds]
struct YourParams {
  std::string greeting;
  std::string name;
  int caller = 0;
};

// An ordinary function: runs on a thread of the worker's pool, and may block.
std::string your_activity(const YourParams& input) {
  return "on a thread: " + input.greeting + ", " + input.name + "!";
}

// A coroutine: runs on the worker's event loop with many others, and must not block.
perdure::Task<std::string> your_async_activity(YourParams input) {
  co_await activity::sleep(10ms);
  co_return "on the event loop: " + input.greeting + ", " + input.name + "!";
}

// An ordinary function again, registered with process_activities: may crash without harm to the worker.
std::string your_isolated_activity(const YourParams& input) {
  return (getpid() != input.caller ? "in a process of its own: " : "in the worker: ") + input.greeting +
         ", " + input.name + "!";
}
// [kinds]

class Greetings {
 public:
  perdure::Task<std::vector<std::string>> run(YourParams input) {
    const perdure::ActivityOptions options{.start_to_close_timeout = 10s};
    std::vector<std::string> lines;
    lines.push_back(co_await workflow::execute_activity<your_activity>(input, options));
    lines.push_back(co_await workflow::execute_activity<your_async_activity>(input, options));
    lines.push_back(co_await workflow::execute_activity<your_isolated_activity>(input, options));
    co_return lines;
  }
};

// [main]
int main(int argc, char** argv) {
  perdure::run_as_activity_process_if_asked(argc, argv);  // the first line, for activities in processes
  const auto client = perdure::Client::connect(argc > 1 ? argv[1] : "file:./state");
  perdure::Worker worker(client, {.task_queue = "greetings",
                                  .workflows = perdure::workflows<Greetings>(),
                                  .activities = perdure::activities<your_activity, your_async_activity>() +
                                                perdure::process_activities<your_isolated_activity>(),
                                  .max_concurrent_activities = 20,  // threads
                                  .max_processes = 2});
  worker.start();
  // [main]
  for (const std::string& line :
       client.execute_workflow<Greetings>({.greeting = "Hello", .name = "World", .caller = getpid()},
                                          {.id = "greetings", .task_queue = "greetings"})) {
    std::cout << line << "\n";
  }
}
