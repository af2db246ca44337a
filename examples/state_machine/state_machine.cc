// perdure-state-machine [TARGET [ROUNDS]]: a traffic light that goes on where it was, whatever happens to its
// program.
#include <perdure/perdure.h>

#include <iostream>

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;

void show(int round, const std::string& light) { std::cout << round << " " << light << std::endl; }

// [machine]
class TrafficLight {
 public:
  perdure::Task<> run(int rounds) {
    for (int round = 1; round <= rounds; ++round) {
      for (const std::string light : {"green", "yellow", "red"}) {
        co_await workflow::execute_activity<show>(round, light, {.start_to_close_timeout = 10s});
        co_await workflow::sleep(light == "yellow" ? 50ms : 100ms);
      }
    }
  }
};
// [machine]

int main(int argc, char** argv) try {
  const auto client = perdure::Client::connect(argc > 1 ? argv[1] : "file:./state");
  perdure::Worker worker(client, {.task_queue = "lights",
                                  .workflows = perdure::workflows<TrafficLight>(),
                                  .activities = perdure::activities<show>()});
  worker.start();
  const auto light = client.start_workflow<TrafficLight>(
      argc > 2 ? std::stoi(argv[2]) : 10,
      {.id = "crossing-7",
       .task_queue = "lights",
       .id_conflict_policy = perdure::WorkflowIdConflictPolicy::kUseExisting});
  light.result();
  std::cout << "off" << std::endl;
} catch (const std::exception& error) {
  std::cerr << "perdure-state-machine: " << error.what() << "\n";
  return 1;
}
