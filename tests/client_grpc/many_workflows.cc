// many-workflows TARGET COUNT: starts COUNT workflows on TARGET, works on them, and checks every result.
// restart_test.py kills the server meanwhile.
#include <perdure/perdure.h>

#include <iostream>
#include <string>
#include <vector>

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;

int add_one(int number) { return number + 1; }

class Counting {
 public:
  perdure::Task<int> run(int number) {
    for (int step = 0; step < 5; ++step) {
      number = co_await workflow::execute_activity<add_one>(
          number, {.start_to_close_timeout = 3s,
                   .retry_policy = perdure::RetryPolicy{.initial_interval = 100ms, .maximum_interval = 1s}});
      co_await workflow::sleep(700ms);
    }
    co_return number;
  }
};

int main(int argc, char** argv) try {
  if (argc != 3) {
    std::cerr << "usage: many-workflows TARGET COUNT\n";
    return 2;
  }
  const int count = std::stoi(argv[2]);
  auto client = perdure::Client::connect(argv[1]);
  perdure::Worker worker(client, {.task_queue = "counting",
                                  .workflows = perdure::workflows<Counting>(),
                                  .activities = perdure::activities<add_one>()});
  worker.start();
  std::vector<perdure::WorkflowHandle<int>> handles;
  for (int number = 0; number < count; ++number) {
    handles.push_back(client.start_workflow<Counting>(
        number, {.id = "counting-" + std::to_string(number), .task_queue = "counting"}));
  }
  std::cout << "started " << count << std::endl;
  for (int number = 0; number < count; ++number) {
    if (const int result = handles[static_cast<std::size_t>(number)].result(); result != number + 5) {
      std::cerr << "workflow " << number << " gave " << result << "\n";
      return 1;
    }
  }
  std::cout << "all " << count << " results are right" << std::endl;
} catch (const perdure::PerdureError& error) {
  std::cerr << "many-workflows: " << error.what() << "\n";
  return 1;
}
