// perdure-subscription [TARGET]: a subscription with periods of a second, which its owner cancels after some.
#include <chrono>
#include <iostream>

#include "subscription.h"

int main(int argc, char** argv) try {
  using namespace std::chrono_literals;
  auto client = perdure::Client::connect(argc > 1 ? argv[1] : "file:./state");
  perdure::Worker worker(
      client, {.task_queue = "subscriptions",
               .workflows = perdure::workflows<subscription::Subscription>(),
               .activities = perdure::activities<subscription::charge, subscription::send_email>()});
  worker.start();

  // A subscription of an earlier run of this program is still there, and was charged all along.
  auto handle = client.start_workflow<subscription::Subscription>(
      {.customer = {.id = "ada", .email = "ada@example.com"}, .trial = 1s, .period = 1s, .price_cents = 990},
      {.id = "subscription-of-ada",
       .task_queue = "subscriptions",
       .id_conflict_policy = perdure::WorkflowIdConflictPolicy::kUseExisting});
  std::cout << "Enter cancels the subscription; kill the program and start it again to see that it goes on\n";
  std::cin.get();
  handle.signal<&subscription::Subscription::cancel_subscription>();
  std::cout << "charged " << handle.result() << " times\n";
} catch (const perdure::PerdureError& error) {
  std::cerr << "perdure-subscription: " << error.what() << "\n";
  return 1;
}
