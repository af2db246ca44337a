// perdure-fan-out [TARGET [CHILDREN]]: one workflow and a thousand children.
#include <perdure/perdure.h>

#include <chrono>
#include <iostream>
#include <numeric>
#include <string>

namespace workflow = perdure::workflow;

class Square {
 public:
  perdure::Task<std::int64_t> run(std::int64_t number) { co_return number* number; }
};

// [workflow]
class SumOfSquares {
 public:
  perdure::Task<std::int64_t> run(std::int64_t up_to) {
    std::vector<workflow::ChildWorkflowHandle<std::int64_t>> children;
    for (std::int64_t number = 1; number <= up_to; ++number) {
      children.push_back(workflow::execute_child_workflow<Square>(
          number, {.id = workflow::info().workflow_id + "/" + std::to_string(number)}));
    }
    const std::vector<std::int64_t> squares = co_await workflow::all(children);
    co_return std::accumulate(squares.begin(), squares.end(), std::int64_t{0});
  }
};
// [workflow]

int main(int argc, char** argv) try {
  const auto client = perdure::Client::connect(argc > 1 ? argv[1] : "file:./state");
  const int children = argc > 2 ? std::stoi(argv[2]) : 1000;
  perdure::Worker worker(client,
                         {.task_queue = "squares", .workflows = perdure::workflows<SumOfSquares, Square>()});
  worker.start();
  const auto begun = std::chrono::steady_clock::now();
  const auto sum =
      client.execute_workflow<SumOfSquares>(children, {.id = "squares", .task_queue = "squares"});
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  std::cout << "the sum of " << children << " squares is " << sum << " (" << took.count() << " s)"
            << std::endl;
} catch (const perdure::PerdureError& error) {
  std::cerr << "perdure-fan-out: " << error.what() << "\n";
  return 1;
}
