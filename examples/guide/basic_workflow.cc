// A workflow with one activity. It prints
//   Hello, World!
#include <perdure/perdure.h>

#include <iostream>

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;

struct YourParams {
  std::string greeting;
  std::string name;
};

std::string your_activity(const YourParams& input) { return input.greeting + ", " + input.name + "!"; }

// [workflow]
class YourWorkflow {
 public:
  perdure::Task<std::string> run(std::string name) {
    co_return co_await workflow::execute_activity<your_activity>({.greeting = "Hello", .name = name},
                                                                 {.start_to_close_timeout = 10s});
  }
};
// [workflow]

// [main]
int main(int argc, char** argv) {
  // A directory: the service runs in this program. Or "localhost:7233": a server.
  const auto client = perdure::Client::connect(argc > 1 ? argv[1] : "file:./state");

  perdure::Worker worker(client, {.task_queue = "your-task-queue",
                                  .workflows = perdure::workflows<YourWorkflow>(),
                                  .activities = perdure::activities<your_activity>()});
  worker.start();

  std::cout << client.execute_workflow<YourWorkflow>(
                   "World", {.id = "your-workflow-id", .task_queue = "your-task-queue"})
            << "\n";
}
// [main]
