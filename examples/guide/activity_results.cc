// What an activity gives. It prints
//   200 readings, the last one 199
//   too much: Complete result exceeds size limit.
#include <perdure/perdure.h>

#include <iostream>

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;

// [activity]
struct Readings {
  std::string sensor;
  std::vector<int> values;
};

Readings read_sensor(const std::string& sensor, int count) {
  Readings readings{.sensor = sensor};
  for (int i = 0; i < count; ++i) {
    readings.values.push_back(i);
  }
  return readings;
}
// [activity]

class Measures {
 public:
  perdure::Task<std::string> run(int count) {
    // [failure]
    try {
      const Readings readings =
          co_await workflow::execute_activity<read_sensor>("roof", count, {.start_to_close_timeout = 30s});
      co_return std::to_string(readings.values.size()) + " readings, the last one " +
          std::to_string(readings.values.back());
    } catch (const perdure::ActivityError& error) {
      co_return "too much: " + error.cause()->message();
    }
    // [failure]
  }
};

int main(int argc, char** argv) {
  const auto client = perdure::Client::connect(argc > 1 ? argv[1] : "file:./state");
  perdure::Worker worker(client, {.task_queue = "measures",
                                  .workflows = perdure::workflows<Measures>(),
                                  .activities = perdure::activities<read_sensor>()});
  worker.start();
  std::cout << client.execute_workflow<Measures>(200, {.id = "few", .task_queue = "measures"}) << "\n";
  std::cout << client.execute_workflow<Measures>(400'000, {.id = "many", .task_queue = "measures"}) << "\n";
}
