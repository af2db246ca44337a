// record-open-state DIR: starts the hello workflow where no worker runs, and ends.
#include <perdure/perdure.h>

#include <cstdio>
#include <string>

struct YourParams {
  std::string greeting;
  std::string name;
};

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: record-open-state DIR\n");
    return 2;
  }
  auto client = perdure::Client::connect(std::string("file:") + argv[1], {.identity = "recorder"});
  client.start_workflow_by_name("YourWorkflow", {.id = "your-workflow-id", .task_queue = "your-task-queue"},
                                YourParams{.greeting = "Hello", .name = "durable world"});
}
