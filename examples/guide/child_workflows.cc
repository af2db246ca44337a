// Workflows that start workflows. It prints
//   3 chapters, 60 pages
//   failed: the ink ran out
#include <perdure/perdure.h>

#include <iostream>
#include <numeric>

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;

class Chapter {
 public:
  perdure::Task<int> run(int number) {
    if (number < 0) {
      throw perdure::ApplicationError("the ink ran out");
    }
    co_await workflow::sleep(10ms);
    co_return number * 10;
  }
};

// [workflow]
class Book {
 public:
  perdure::Task<std::string> run(int chapters) {
    std::vector<workflow::ChildWorkflowHandle<int>> children;
    for (int i = 1; i <= chapters; ++i) {
      children.push_back(
          workflow::execute_child_workflow<Chapter>(i, {.id = "chapter-" + std::to_string(i)}));
    }
    const std::vector<int> pages = co_await workflow::all(children);
    co_return std::to_string(pages.size()) + " chapters, " +
        std::to_string(std::accumulate(pages.begin(), pages.end(), 0)) + " pages";
  }
};
// [workflow]

// [failure]
class Careful {
 public:
  perdure::Task<std::string> run() {
    try {
      co_await workflow::execute_child_workflow<Chapter>(-1);
      co_return "written";
    } catch (const perdure::ChildWorkflowError& error) {
      co_return std::string("failed: ") + error.cause()->what();
    }
  }
};
// [failure]

int main(int argc, char** argv) {
  const auto client = perdure::Client::connect(argc > 1 ? argv[1] : "file:./state");
  perdure::Worker worker(client,
                         {.task_queue = "books", .workflows = perdure::workflows<Book, Chapter, Careful>()});
  worker.start();
  std::cout << client.execute_workflow<Book>(3, {.id = "book", .task_queue = "books"}) << "\n";
  std::cout << client.execute_workflow<Careful>({.id = "careful", .task_queue = "books"}) << "\n";
}
