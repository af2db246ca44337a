// What an activity takes, and how much of it. It prints
//   Hello, World!
//   2 MiB: Blob data size exceeds limit.
#include <perdure/perdure.h>

#include <iostream>

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;

// [activity]
struct YourParams {
  std::string greeting;
  std::string name;
  std::string punctuation = "!";  // added later: callers that do not send it still fit
};

std::string compose(const YourParams& input) {
  return input.greeting + ", " + input.name + input.punctuation;
}
// [activity]

class Composed {
 public:
  perdure::Task<std::string> run(std::string name) {
    co_return co_await workflow::execute_activity<compose>({.greeting = "Hello", .name = name},
                                                           {.start_to_close_timeout = 10s});
  }
};

int main(int argc, char** argv) {
  const auto client = perdure::Client::connect(argc > 1 ? argv[1] : "file:./state");
  perdure::Worker worker(client, {.task_queue = "parameters",
                                  .workflows = perdure::workflows<Composed>(),
                                  .activities = perdure::activities<compose>()});
  worker.start();
  std::cout << client.execute_workflow<Composed>("World", {.id = "small", .task_queue = "parameters"})
            << "\n";
  // [too_large]
  try {
    client.execute_workflow<Composed>(std::string(2 * 1024 * 1024, 'x'),
                                      {.id = "large", .task_queue = "parameters"});
  } catch (const perdure::RpcError& error) {
    std::cout << "2 MiB: " << error.what() << "\n";
  }
  // [too_large]
}
