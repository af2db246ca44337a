#pragma once
// A subscription that is charged once a period until its owner cancels it. One workflow for each
// subscription; it may live for years.
#include <perdure/perdure.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace subscription {

struct Customer {
  std::string id;
  std::string email;
};

struct Plan {
  Customer customer;
  std::chrono::seconds trial{};
  std::chrono::seconds period{};
  std::int64_t price_cents = 0;
  std::int64_t periods_charged = 0;  // carried from run to run
};

// Activities: what touches the world (activities.cc).
void send_email(const std::string& to, const std::string& subject);
// Gives the number of the receipt. Throws ApplicationError of type "CardDeclined".
std::string charge(const Customer& customer, std::int64_t cents);

// A run's history may not grow for ever: after so many charges the next run goes on.
inline constexpr std::int64_t kChargesPerRun = 12;

// [workflow]
class Subscription {
 public:
  // Gives how often the customer was charged.
  perdure::Task<std::int64_t> run(Plan plan) {
    using namespace std::chrono_literals;
    namespace workflow = perdure::workflow;
    if (plan.periods_charged == 0) {
      co_await workflow::execute_activity<send_email>(plan.customer.email, "Welcome",
                                                      {.start_to_close_timeout = 1min});
      co_await cancelled_within(plan.trial);
    }
    for (std::int64_t charges = 0; !cancelled_; ++charges) {
      if (charges == kChargesPerRun) {
        co_return workflow::continue_as_new<Subscription>(plan);
      }
      co_await workflow::execute_activity<charge>(
          plan.customer, plan.price_cents,
          {.start_to_close_timeout = 1min,
           .retry_policy = perdure::RetryPolicy{.non_retryable_error_types = {"CardDeclined"}}});
      ++plan.periods_charged;
      co_await cancelled_within(plan.period);
    }
    co_await workflow::execute_activity<send_email>(plan.customer.email, "Goodbye",
                                                    {.start_to_close_timeout = 1min});
    co_return plan.periods_charged;
  }

  // The owner's wish, at any time.
  void cancel_subscription() { cancelled_ = true; }
  static constexpr auto signals = perdure::signals<&Subscription::cancel_subscription>();

 private:
  // Waits for a time that may be a month, which costs nothing: a timer in the state directory.
  perdure::Task<void> cancelled_within(std::chrono::seconds time) {
    try {
      co_await perdure::workflow::wait_condition([this] { return cancelled_; }, time);
    } catch (const perdure::TimeoutError&) {
      // Nobody cancelled.
    }
  }

  bool cancelled_ = false;
};
// [workflow]

}  // namespace subscription
