// Timeouts and retries. It prints
//   third time lucky, after 3 attempts
//   start-to-close
//   schedule-to-start
//   heartbeat
#include <perdure/perdure.h>

#include <iostream>
#include <stdexcept>

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;
namespace activity = perdure::activity;

std::string flaky() {
  const int attempt = activity::info().attempt;
  if (attempt < 3) {
    throw std::runtime_error("not yet");
  }
  return "third time lucky, after " + std::to_string(attempt) + " attempts";
}

void hangs() { activity::wait_for_cancelled(2s); }

class Timeouts {
 public:
  perdure::Task<std::vector<std::string>> run() {
    std::vector<std::string> lines;
    // [retry]
    lines.push_back(co_await workflow::execute_activity<flaky>(
        {.start_to_close_timeout = 10s,
         .retry_policy = perdure::RetryPolicy{.initial_interval = 10ms,
                                              .backoff_coefficient = 2.0,
                                              .maximum_interval = 2s,
                                              .maximum_attempts = 5,
                                              .non_retryable_error_types = {"ValueError"}}}));
    // [retry]
    const perdure::RetryPolicy once{.maximum_attempts = 1};
    // [timeouts]
    // One attempt takes too long.
    lines.push_back(co_await timeout_of({.start_to_close_timeout = 300ms, .retry_policy = once}));
    // Nobody takes the activity from its queue.
    lines.push_back(co_await timeout_of(
        {.task_queue = "nobody", .schedule_to_close_timeout = 10s, .schedule_to_start_timeout = 100ms}));
    // The activity does not say that it is alive.
    lines.push_back(co_await timeout_of(
        {.start_to_close_timeout = 10s, .heartbeat_timeout = 300ms, .retry_policy = once}));
    // [timeouts]
    co_return lines;
  }

 private:
  static perdure::Task<std::string> timeout_of(perdure::ActivityOptions options) {
    try {
      co_await workflow::execute_activity<hangs>(options);
    } catch (const perdure::ActivityError& error) {
      if (const auto* timeout = dynamic_cast<const perdure::TimeoutError*>(error.cause().get())) {
        switch (timeout->type()) {
          case perdure::TimeoutType::kStartToClose:
            co_return "start-to-close";
          case perdure::TimeoutType::kScheduleToStart:
            co_return "schedule-to-start";
          case perdure::TimeoutType::kScheduleToClose:
            co_return "schedule-to-close";
          case perdure::TimeoutType::kHeartbeat:
            co_return "heartbeat";
          case perdure::TimeoutType::kUnspecified:
            break;
        }
      }
    }
    co_return "none";
  }
};

int main(int argc, char** argv) {
  const auto client = perdure::Client::connect(argc > 1 ? argv[1] : "file:./state");
  perdure::Worker worker(client, {.task_queue = "timeouts",
                                  .workflows = perdure::workflows<Timeouts>(),
                                  .activities = perdure::activities<flaky, hangs>()});
  worker.start();
  for (const std::string& line :
       client.execute_workflow<Timeouts>({.id = "timeouts", .task_queue = "timeouts"})) {
    std::cout << line << "\n";
  }
}
