// The whole of Perdure in one small program: a workflow, an activity, an embedded engine.
#include <perdure/perdure.h>

#include <iostream>

std::string greet(const std::string& name) { return "Hello, " + name + "!"; }

class Greeting {
 public:
  perdure::Task<std::string> run(std::string name) {
    co_return co_await perdure::workflow::execute_activity<greet>(
        name, {.start_to_close_timeout = std::chrono::seconds(10)});
  }
};

int main() {
  auto client = perdure::Client::connect("file:./state");
  perdure::Worker worker(client, {.task_queue = "queue",
                                  .workflows = perdure::workflows<Greeting>(),
                                  .activities = perdure::activities<greet>()});
  worker.start();
  std::cout << client.execute_workflow<Greeting>("package", {.id = "hello", .task_queue = "queue"}) << "\n";
}
