// Handles of activities. It prints
//   1 + 4 + 9, done: yes
//   the slow one was cancelled
//   again: 9
#include <perdure/perdure.h>

#include <iostream>

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;
namespace activity = perdure::activity;

int square(int number) { return number * number; }

int takes_for_ever() {
  while (true) {
    activity::heartbeat();  // throws CancelledError when the workflow asks for it
    activity::wait_for_cancelled(100ms);
  }
}

class Squares {
 public:
  perdure::Task<std::vector<std::string>> run() {
    std::vector<std::string> lines;
    // [handles]
    const perdure::ActivityOptions options{.start_to_close_timeout = 10s};
    // Three at once; each may be awaited at any time, as often as one likes.
    const auto one = workflow::start_activity<square>(1, options);
    const auto two = workflow::start_activity<square>(2, options);
    const auto three = workflow::start_activity<square>(3, options);
    const int last = co_await three;
    lines.push_back(std::to_string(co_await one) + " + " + std::to_string(co_await two) + " + " +
                    std::to_string(last) + ", done: " + (two.is_done() ? "yes" : "no"));
    // [handles]
    // [cancel]
    const auto slow = workflow::start_activity<takes_for_ever>(
        {.start_to_close_timeout = 1h,
         .heartbeat_timeout = 1s,
         .cancellation_type = perdure::ActivityCancellationType::kWaitCancellationCompleted});
    co_await workflow::sleep(100ms);
    slow.cancel();
    try {
      co_await slow;
    } catch (const perdure::CancelledError&) {
      lines.push_back("the slow one was cancelled");
    }
    // [cancel]
    lines.push_back("again: " + std::to_string(co_await three));
    co_return lines;
  }
};

int main(int argc, char** argv) {
  const auto client = perdure::Client::connect(argc > 1 ? argv[1] : "file:./state");
  perdure::Worker worker(client, {.task_queue = "squares",
                                  .workflows = perdure::workflows<Squares>(),
                                  .activities = perdure::activities<square, takes_for_ever>()});
  worker.start();
  for (const std::string& line :
       client.execute_workflow<Squares>({.id = "squares", .task_queue = "squares"})) {
    std::cout << line << "\n";
  }
}
