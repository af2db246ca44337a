// The tests of the example, as a user writes them: GoogleTest, perdure::testing, and nothing that sleeps.
#include "subscription.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <perdure/testing.h>
#include <perdure/testing/matchers.h>

#include <optional>
#include <string>

namespace subscription {
namespace {

using namespace std::chrono_literals;
using perdure::testing::CausedBy;
using perdure::testing::FailsWith;
using testing::ElementsAre;

constexpr auto kMonth = 30 * 24h;

// [fixture]
class SubscriptionTest : public testing::Test {
 protected:
  SubscriptionTest() {
    mocks_.on<charge>([](const Customer& customer, std::int64_t) { return "receipt of " + customer.id; });
    mocks_.on<send_email>([](const std::string&, const std::string&) {});
    worker_.emplace(environment_.client(),
                    perdure::WorkerOptions{.task_queue = "test",
                                           .workflows = perdure::workflows<Subscription>(),
                                           .activities = mocks_.activities()});
    worker_->start();
  }

  auto subscribe() {
    return environment_.client().start_workflow<Subscription>(
        {.customer = {.id = "ada", .email = "ada@example.com"},
         .trial = kMonth,
         .period = kMonth,
         .price_cents = 990},
        {.id = "subscription-of-ada", .task_queue = "test"});
  }

  perdure::testing::Environment environment_;
  perdure::testing::Mocks mocks_;
  std::optional<perdure::Worker> worker_;
};
// [fixture]

// [sleep]
TEST_F(SubscriptionTest, IsChargedOnceAMonthAfterTheTrial) {
  auto handle = subscribe();
  environment_.sleep(kMonth / 2);
  EXPECT_EQ(mocks_.calls<charge>(), 0U) << "the trial is free";
  environment_.sleep(6 * kMonth);
  EXPECT_EQ(mocks_.calls<charge>(), 6U);
  handle.signal<&Subscription::cancel_subscription>();
  EXPECT_EQ(handle.result(), 6);
}
// [sleep]

TEST_F(SubscriptionTest, CancelledInItsTrialCostsNothing) {
  auto handle = subscribe();
  handle.signal<&Subscription::cancel_subscription>();
  EXPECT_EQ(handle.result(), 0);
  EXPECT_THAT(mocks_.arguments<send_email>(), ElementsAre(std::tuple("ada@example.com", "Welcome"),
                                                          std::tuple("ada@example.com", "Goodbye")));
}

// [years]
TEST_F(SubscriptionTest, GoesOnForYearsWithShortHistories) {
  auto handle = subscribe();
  environment_.sleep(40 * kMonth + 24h);
  const auto now = handle.describe();
  EXPECT_EQ(now.status, perdure::WorkflowExecutionStatus::kRunning);
  EXPECT_NE(now.run_id, handle.run_id()) << "the work of a later run";
  EXPECT_LT(now.history_length, 200);
  handle.signal<&Subscription::cancel_subscription>();
  EXPECT_EQ(handle.result(), 40);
}
// [years]

// [matchers]
TEST_F(SubscriptionTest, EndsWhenTheCardIsDeclined) {
  mocks_.on<charge>([](const Customer&, std::int64_t) -> std::string {
    throw perdure::ApplicationError("no money", {.type = "CardDeclined"});
  });
  auto handle = subscribe();
  EXPECT_THAT([&] { handle.result(); },
              FailsWith<perdure::WorkflowFailureError>(CausedBy<perdure::ApplicationError>("CardDeclined")));
  EXPECT_EQ(mocks_.calls<charge>(), 1U) << "it is not tried again";
}
// [matchers]

TEST_F(SubscriptionTest, ChargesAgainWhenTheProviderIsDown) {
  mocks_.on<charge>([](const Customer&, std::int64_t) -> std::string {
    if (perdure::activity::info().attempt < 4) {
      throw perdure::ApplicationError("the provider is down");
    }
    return "receipt";
  });
  auto handle = subscribe();
  environment_.sleep(kMonth + 24h);
  handle.signal<&Subscription::cancel_subscription>();
  EXPECT_EQ(handle.result(), 1);
  EXPECT_EQ(mocks_.calls<charge>(), 4U);
}

// [replay]
TEST_F(SubscriptionTest, ReplaysItsOwnHistory) {
  auto handle = subscribe();
  environment_.sleep(3 * kMonth);
  handle.signal<&Subscription::cancel_subscription>();
  handle.result();
  perdure::testing::replay<Subscription>(handle.fetch_history());
}
// [replay]

// The service, the worker and the activities as they are.
TEST(Subscription, WorksWithItsOwnActivities) {
  perdure::testing::Environment environment;
  perdure::Worker worker(environment.client(), {.task_queue = "test",
                                                .workflows = perdure::workflows<Subscription>(),
                                                .activities = perdure::activities<charge, send_email>()});
  worker.start();
  auto handle =
      environment.client().start_workflow<Subscription>({.customer = {.id = "bo", .email = "bo@example.com"},
                                                         .trial = kMonth,
                                                         .period = kMonth,
                                                         .price_cents = 0},
                                                        {.id = "subscription-of-bo", .task_queue = "test"});
  EXPECT_THAT([&] { handle.result(); },
              FailsWith<perdure::WorkflowFailureError>(CausedBy<perdure::ApplicationError>("CardDeclined")));
}

}  // namespace
}  // namespace subscription
