#include <perdure/perdure.h>
#include <perdure/testing.h>

#include <iostream>

class Sleeper {
 public:
  perdure::Task<std::string> run() {
    co_await perdure::workflow::sleep(std::chrono::hours(24 * 30));
    co_return "Hello, package! That was a month.";
  }
};

int main() {
  perdure::testing::Environment environment;
  perdure::Worker worker(environment.client(),
                         {.task_queue = "queue", .workflows = perdure::workflows<Sleeper>()});
  worker.start();
  std::cout << environment.client().execute_workflow<Sleeper>({.id = "w", .task_queue = "queue"}) << "\n";
}
