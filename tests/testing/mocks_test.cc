#include "perdure/testing/mocks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "perdure/testing/environment.h"
#include "tests/testing/workflows.h"

// Not in an anonymous namespace: activities and workflows have the names of what they are.
namespace testing_test {

using perdure::testing::Environment;
using perdure::testing::Mocks;

struct Bank {
  std::int64_t balance(const std::string& account) const { return account.empty() ? 0 : value; }
  std::int64_t value = 1;
};

// Of another activity with the same name.
namespace other {
std::string greet(std::int64_t number) { return std::to_string(number); }
}  // namespace other

class Everything {
 public:
  perdure::Task<std::vector<std::string>> run() {
    std::vector<std::string> seen;
    seen.push_back(co_await workflow::execute_activity<greet>("Ada", {.start_to_close_timeout = 10s}));
    seen.push_back(
        std::to_string(co_await workflow::execute_activity<add>(1, 2, {.start_to_close_timeout = 10s})));
    seen.push_back(std::to_string(
        co_await workflow::execute_activity<&Bank::balance>("savings", {.start_to_close_timeout = 10s})));
    co_await workflow::execute_activity<note>("x", 3, {.start_to_close_timeout = 10s});
    co_return seen;
  }
};

TEST(Mocks, StandForFunctionsCoroutinesAndMembersAndRecordTheirCalls) {
  Mocks mocks;
  mocks.on<greet>([](const std::string& name) { return "mock " + name; });
  mocks.on<add>([](std::int64_t a, std::int64_t b) { return 10 * a + b; });
  mocks.on<&Bank::balance>([](std::string) { return 5; });
  mocks.on<note>([](const std::string&, std::int64_t) {});
  Environment environment;
  perdure::Worker worker(environment.client(), {.task_queue = kQueue,
                                                .workflows = perdure::workflows<Everything>(),
                                                .activities = mocks.activities()});
  worker.start();
  EXPECT_THAT(environment.client().execute_workflow<Everything>({.id = "w", .task_queue = kQueue}),
              testing::ElementsAre("mock Ada", "12", "5"));
  EXPECT_EQ(mocks.calls<note>(), 1U);
  EXPECT_THAT(mocks.arguments<note>(), testing::ElementsAre(std::tuple("x", 3)));
  EXPECT_THAT(mocks.arguments<add>(), testing::ElementsAre(std::tuple(1, 2)));
}

TEST(Mocks, AreTriedAgainAndCanBeReplaced) {
  Mocks mocks;
  mocks.on<greet>([](const std::string&) -> std::string {
    if (perdure::activity::info().attempt < 3) {
      throw perdure::ApplicationError("not yet");
    }
    return "third";
  });
  Environment environment;
  perdure::Worker worker(
      environment.client(),
      {.task_queue = kQueue, .workflows = perdure::workflows<Greeting>(), .activities = mocks.activities()});
  worker.start();
  const perdure::Client& client = environment.client();
  EXPECT_EQ(client.execute_workflow<Greeting>("Ada", {.id = "w", .task_queue = kQueue}), "third");
  EXPECT_EQ(mocks.calls<greet>(), 3U);
  mocks.on<greet>([](std::string name) { return "now " + name; });
  EXPECT_EQ(client.execute_workflow<Greeting>("Bo", {.id = "w", .task_queue = kQueue}), "now Bo");
}

TEST(Mocks, OfWhatHasNoneSayWhatToDo) {
  Mocks mocks;
  try {
    (void)mocks.calls<greet>();
    FAIL() << "it has no mock";
  } catch (const perdure::PerdureError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("activity \"greet\" has no mock"));
  }
  mocks.on<greet>([](const std::string&) { return ""; });
  EXPECT_THROW(mocks.on<other::greet>([](std::int64_t) { return ""; }), perdure::OptionsError);
}

}  // namespace testing_test
