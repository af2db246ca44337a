// A workflow that survives: run it twice on the same state directory.
#include <perdure/perdure.h>

#include <atomic>
#include <iostream>

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;

struct YourParams {
  std::string greeting;
  std::string name;
};

std::atomic<int> executions = 0;

// An activity: an ordinary function that may fail and touch the world; it is retried until it succeeds.
std::string your_activity(const YourParams& input) {
  ++executions;
  return input.greeting + ", " + input.name + "!";
}

// A workflow: a coroutine whose every step is recorded.
class YourWorkflow {
 public:
  perdure::Task<std::string> run(YourParams input) {
    co_return co_await workflow::execute_activity<your_activity>(input, {.start_to_close_timeout = 10s});
  }
};

int main(int argc, char** argv) try {
  const std::string target = argc > 1 ? argv[1] : "file:./state";  // or "HOST:PORT"
  auto client = perdure::Client::connect(target);

  perdure::Worker worker(client, {.task_queue = "your-task-queue",
                                  .workflows = perdure::workflows<YourWorkflow>(),
                                  .activities = perdure::activities<your_activity>()});
  worker.start();

  auto handle = client.get_workflow_handle<YourWorkflow>("your-workflow-id");
  try {
    handle = client.start_workflow<YourWorkflow>(
        {.greeting = "Hello", .name = "durable world"},
        {.id = "your-workflow-id",
         .task_queue = "your-task-queue",
         .id_reuse_policy = perdure::WorkflowIdReusePolicy::kRejectDuplicate});
    std::cout << "started a workflow, its state is in " << target << "\n";
  } catch (const perdure::WorkflowAlreadyStartedError& error) {
    handle = client.get_workflow_handle<YourWorkflow>(error.workflow_id(), error.run_id());
    std::cout << "found the workflow of an earlier run in " << target << "\n";
  }

  std::cout << "result:  " << handle.result() << "\n"
            << "run id:  " << handle.run_id() << "\n"
            << "activity executions in this run: " << executions << "\n";
} catch (const perdure::PerdureError& error) {
  std::cerr << "perdure-hello: " << error.what() << "\n";
  return 1;
}
