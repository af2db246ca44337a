// The outcome of an activity: its result, or why there is none. It prints
//   receipt-7
//   charge failed: CardError: the card is declined (code 51, not retried)
//   charge timed out
#include <perdure/perdure.h>

#include <iostream>

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;
namespace activity = perdure::activity;

// [activity]
std::string charge(const std::string& card) {
  if (card == "declined") {
    throw perdure::ApplicationError(
        "the card is declined",
        {.type = "CardError", .non_retryable = true, .details = perdure::to_payloads(51)});
  }
  if (card == "slow") {
    activity::wait_for_cancelled(2s);
  }
  return "receipt-7";
}
// [activity]

// [workflow]
class Payment {
 public:
  perdure::Task<std::string> run(std::string card) {
    try {
      co_return co_await workflow::execute_activity<charge>(
          card,
          {.start_to_close_timeout = 500ms, .retry_policy = perdure::RetryPolicy{.maximum_attempts = 2}});
    } catch (const perdure::ActivityError& error) {
      const auto cause = error.cause();
      if (const auto* failure = dynamic_cast<const perdure::ApplicationError*>(cause.get())) {
        const auto [code] = perdure::from_payloads<int>(failure->details());
        co_return error.activity_type() + " failed: " + failure->type() + ": " + failure->message() +
            " (code " + std::to_string(code) + (failure->non_retryable() ? ", not retried)" : ")");
      }
      if (dynamic_cast<const perdure::TimeoutError*>(cause.get()) != nullptr) {
        co_return error.activity_type() + " timed out";
      }
      throw;
    }
  }
};
// [workflow]

int main(int argc, char** argv) {
  const auto client = perdure::Client::connect(argc > 1 ? argv[1] : "file:./state");
  perdure::Worker worker(client, {.task_queue = "payments",
                                  .workflows = perdure::workflows<Payment>(),
                                  .activities = perdure::activities<charge>()});
  worker.start();
  for (const std::string card : {"good", "declined", "slow"}) {
    std::cout << client.execute_workflow<Payment>(card, {.id = card, .task_queue = "payments"}) << "\n";
  }
}
