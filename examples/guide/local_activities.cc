// Short activities within the workflow task. It prints
//   30 EUR are 33 USD
//   in the history: 2 markers, 0 scheduled activities
#include <perdure/perdure.h>

#include <iostream>
#include <stdexcept>

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;
namespace activity = perdure::activity;

int exchange_rate_percent(const std::string& currency) { return currency == "EUR" ? 110 : 100; }

int flaky_round(int cents) {
  if (activity::info().attempt == 1) {
    throw std::runtime_error("not yet");
  }
  return cents / 100;
}

// [workflow]
class Convert {
 public:
  perdure::Task<int> run(int euros) {
    const int percent = co_await workflow::execute_local_activity<exchange_rate_percent>(
        "EUR", {.start_to_close_timeout = 1s});
    co_return co_await workflow::execute_local_activity<flaky_round>(
        euros * percent,
        {.start_to_close_timeout = 1s, .retry_policy = perdure::RetryPolicy{.initial_interval = 10ms}});
  }
};
// [workflow]

int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

int main(int argc, char** argv) {
  const auto client = perdure::Client::connect(argc > 1 ? argv[1] : "file:./state");
  perdure::Worker worker(client, {.task_queue = "money",
                                  .workflows = perdure::workflows<Convert>(),
                                  .activities = perdure::activities<exchange_rate_percent, flaky_round>()});
  worker.start();
  const auto handle = client.start_workflow<Convert>(30, {.id = "convert", .task_queue = "money"});
  std::cout << "30 EUR are " << handle.result() << " USD\n";
  const std::string history = handle.fetch_history();
  std::cout << "in the history: " << count(history, "EVENT_TYPE_MARKER_RECORDED") << " markers, "
            << count(history, "EVENT_TYPE_ACTIVITY_TASK_SCHEDULED") << " scheduled activities\n";
}
