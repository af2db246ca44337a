// Two workers in one program, each on a queue of its own, until SIGTERM. It prints
//   resized photo.png
//   sent photo.png
#include <perdure/perdure.h>

#include <csignal>
#include <iostream>
#include <thread>

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;

std::string resize(const std::string& picture) { return "resized " + picture; }
std::string send(const std::string& picture) { return "sent " + picture; }

class Publish {
 public:
  perdure::Task<std::vector<std::string>> run(std::string picture) {
    std::vector<std::string> lines;
    lines.push_back(co_await workflow::execute_activity<resize>(
        picture, {.task_queue = "heavy", .start_to_close_timeout = 1min}));
    lines.push_back(co_await workflow::execute_activity<send>(picture, {.start_to_close_timeout = 1min}));
    co_return lines;
  }
};

// [main]
int main(int argc, char** argv) {
  const auto client = perdure::Client::connect(argc > 1 ? argv[1] : "file:./state");

  perdure::Worker heavy(
      client,
      {.task_queue = "heavy", .activities = perdure::activities<resize>(), .max_concurrent_activities = 2});
  heavy.start();  // in the background, until stop() or its destructor

  perdure::Worker worker(client, {.task_queue = "your-task-queue",
                                  .workflows = perdure::workflows<Publish>(),
                                  .activities = perdure::activities<send>(),
                                  .graceful_shutdown_timeout = 10s});
  const std::jthread caller([&client] {
    for (const std::string& line :
         client.execute_workflow<Publish>("photo.png", {.id = "photo", .task_queue = "your-task-queue"})) {
      std::cout << line << "\n";
    }
    std::raise(SIGTERM);
  });
  worker.run();  // until SIGINT or SIGTERM; then finishes what it has begun
}
// [main]
