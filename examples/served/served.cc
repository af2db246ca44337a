// A program with its engine inside that lets others in while it runs.
#include <perdure/perdure.h>
#include <perdure/server.h>

#include <iostream>

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;

int visit(int post) { return post * post; }

// [served]
class Patrol {
 public:
  perdure::Task<int> run(int posts) {
    int seen = 0;
    for (int post = 1; post <= posts; ++post) {
      seen += co_await workflow::execute_activity<visit>(post, {.start_to_close_timeout = 10s});
      co_await workflow::sleep(1s);
    }
    co_return seen;
  }
};

int main(int argc, char** argv) try {
  auto client = perdure::Client::connect("file:./patrol-state");
  const auto server = perdure::serve(client, argc > 1 ? argv[1] : "127.0.0.1:7233");

  perdure::Worker worker(client, {.task_queue = "patrol",
                                  .workflows = perdure::workflows<Patrol>(),
                                  .activities = perdure::activities<visit>()});
  worker.start();
  auto patrol = client.start_workflow<Patrol>(argc > 2 ? std::stoi(argv[2]) : 60,
                                              {.id = "patrol", .task_queue = "patrol"});
  std::cout << "look inside: temporal workflow show --workflow-id patrol --address " << server.address()
            << std::endl;
  std::cout << "seen: " << patrol.result() << "\n";
  // [served]
} catch (const std::exception& error) {
  std::cerr << "perdure-served: " << error.what() << "\n";
  return 1;
}
