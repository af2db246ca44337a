// Time, chance, waiting and two things at once, the deterministic way. It prints
//   an hour was asked for and passed: yes
//   the same ticket after a replay: yes
//   both parts: left right
#include <perdure/perdure.h>
#include <perdure/testing.h>

#include <iostream>

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;

std::string part(const std::string& name) { return name; }

// [workflow]
struct Outcome {
  bool an_hour_passed = false;
  std::string ticket;
  std::string parts;
};

class Deterministic {
 public:
  perdure::Task<Outcome> run() {
    Outcome outcome;
    const auto began = workflow::now();  // not system_clock::now()
    outcome.ticket = workflow::uuid4();  // not std::random_device
    co_await workflow::sleep(1h);        // not std::this_thread::sleep_for()
    outcome.an_hour_passed = workflow::now() - began >= 1h;
    const auto [left, right] = co_await workflow::all(  // not std::thread
        workflow::start_activity<part>("left", {.start_to_close_timeout = 10s}),
        workflow::start_activity<part>("right", {.start_to_close_timeout = 10s}));
    outcome.parts = left + " " + right;
    co_return outcome;
  }
};
// [workflow]

int main() {
  // The service in memory, with time that skips: the hour takes milliseconds.
  const perdure::testing::Environment environment;
  perdure::Worker worker(environment.client(), {.task_queue = "logic",
                                                .workflows = perdure::workflows<Deterministic>(),
                                                .activities = perdure::activities<part>(),
                                                .max_cached_workflows = 0});  // replays after every wait
  worker.start();
  const auto handle =
      environment.client().start_workflow<Deterministic>({.id = "logic", .task_queue = "logic"});
  const Outcome outcome = handle.result();
  std::cout << "an hour was asked for and passed: " << (outcome.an_hour_passed ? "yes" : "no") << "\n";
  // [replay]
  perdure::testing::replay<Deterministic>(handle.fetch_history());  // throws unless the code does the same
  // [replay]
  std::cout << "the same ticket after a replay: " << (outcome.ticket == handle.result().ticket ? "yes" : "no")
            << "\n";
  std::cout << "both parts: " << outcome.parts << "\n";
}
