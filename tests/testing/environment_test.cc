#include "perdure/testing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/testing/workflows.h"

// Not in an anonymous namespace: activities and workflows have the names of what they are.
namespace testing_test {

using perdure::testing::Environment;
using std::chrono::system_clock;

// Let go of by the test.
static std::promise<void>* wait_for_test = nullptr;
static std::promise<void>* has_begun = nullptr;
std::int64_t held_up() {
  has_begun->set_value();
  wait_for_test->get_future().wait();
  return 7;
}

static int attempts = 0;
std::int64_t stubborn() {
  if (++attempts < 5) {
    throw perdure::ApplicationError("not yet");
  }
  return attempts;
}

void hang() {
  while (true) {
    perdure::activity::heartbeat();
  }
}

class HeldUp {
 public:
  perdure::Task<std::int64_t> run() {
    co_return co_await workflow::execute_activity<held_up>({.start_to_close_timeout = 1h});
  }
};

class Stubborn {
 public:
  perdure::Task<std::int64_t> run() {
    co_return co_await workflow::execute_activity<stubborn>(
        {.start_to_close_timeout = 10s,
         .retry_policy = perdure::RetryPolicy{.initial_interval = 24h, .maximum_interval = 24h * 365}});
  }
};

class Unserved {
 public:
  perdure::Task<bool> run() {
    try {
      co_await workflow::execute_activity<stubborn>({.task_queue = "nobody-polls-this",
                                                     .schedule_to_start_timeout = 1h,
                                                     .start_to_close_timeout = 10s});
    } catch (const perdure::ActivityError& error) {
      const auto* timeout = dynamic_cast<const perdure::TimeoutError*>(error.cause().get());
      co_return timeout != nullptr && timeout->type() == perdure::TimeoutType::kScheduleToStart;
    }
    co_return false;
  }
};

class Hanging {
 public:
  perdure::Task<void> run() {
    co_await workflow::execute_activity<hang>(
        {.start_to_close_timeout = 100ms, .retry_policy = perdure::RetryPolicy{.maximum_attempts = 1}});
  }
};

class Greetings {
 public:
  perdure::Task<std::int64_t> run(std::int64_t count) {
    std::vector<workflow::ActivityHandle<std::string>> greetings;
    for (std::int64_t i = 0; i < count; ++i) {
      greetings.push_back(workflow::start_activity<greet>("Ada", {.start_to_close_timeout = 10s}));
    }
    co_return static_cast<std::int64_t>((co_await workflow::all(greetings)).size());
  }
};

class EnvironmentTest : public testing::Test {
 protected:
  EnvironmentTest() {
    attempts = 0;
    worker_.start();
  }

  Environment environment_;
  const perdure::Client& client_ = environment_.client();
  perdure::Worker worker_{
      client_,
      {.task_queue = kQueue,
       .workflows = perdure::workflows<Sleeper, Greeting, Approval, HeldUp, Stubborn, Unserved, Hanging>(),
       .activities = perdure::activities<greet, held_up, stubborn, hang>()}};
};

TEST_F(EnvironmentTest, AWorkflowThatSleepsThirtyDaysEndsInLessThanASecond) {
  const auto begin = std::chrono::steady_clock::now();
  const auto before = environment_.now();
  EXPECT_GE(client_.execute_workflow<Sleeper>(30, {.id = "w", .task_queue = kQueue}), 30 * 24);
  EXPECT_GE(environment_.now() - before, 30 * 24h);
  EXPECT_LT(environment_.now() - before, 31 * 24h);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s) << "a machine under load may take longer than one";
}

TEST_F(EnvironmentTest, AQueueThatMayGiveOneActivityAMinuteTakesNoRealMinutes) {
  perdure::Worker slow(client_, {.task_queue = "slow",
                                 .workflows = perdure::workflows<Greetings>(),
                                 .activities = perdure::activities<greet>(),
                                 .max_task_queue_activities_per_second = 1.0 / 60});
  slow.start();
  const auto begin = environment_.now();
  EXPECT_EQ(client_.execute_workflow<Greetings>(5, {.id = "w", .task_queue = "slow"}), 5);
  EXPECT_GE(environment_.now() - begin, 3min) << "the first two go at once";
  EXPECT_LT(environment_.now() - begin, 6min);
}

TEST_F(EnvironmentTest, TimeThatPassedIsInTheHistory) {
  auto handle = client_.start_workflow<Sleeper>(2, {.id = "w", .task_queue = kQueue});
  handle.result();
  const auto description = handle.describe();
  EXPECT_GE(*description.close_time - description.start_time, 2 * 24h);
}

TEST_F(EnvironmentTest, RetriesComeAtOnce) {
  EXPECT_EQ(client_.execute_workflow<Stubborn>({.id = "w", .task_queue = kQueue}), 5);
}

TEST_F(EnvironmentTest, TimeoutsOfWhatNobodyWorksOnComeAtOnce) {
  EXPECT_TRUE(client_.execute_workflow<Unserved>({.id = "w", .task_queue = kQueue}));
}

TEST_F(EnvironmentTest, TimeoutsOfActivitiesThatHangComeInRealTime) {
  EXPECT_THROW(client_.execute_workflow<Hanging>({.id = "w", .task_queue = kQueue}),
               perdure::WorkflowFailureError);
}

TEST_F(EnvironmentTest, WhatTheTestDoesBeforeItWaitsIsNeverTooLate) {
  for (int i = 0; i < 50; ++i) {
    auto handle = client_.start_workflow<Approval>({.id = "w" + std::to_string(i), .task_queue = kQueue});
    handle.signal<&Approval::approve>("me");
    EXPECT_EQ(handle.result(), "approved by me");
  }
}

TEST_F(EnvironmentTest, WithoutTheSignalTheDayIsOver) {
  EXPECT_EQ(client_.execute_workflow<Approval>({.id = "w", .task_queue = kQueue}), "expired");
}

TEST_F(EnvironmentTest, SleepGoesThroughWhatIsDueOnTheWay) {
  auto day = client_.start_workflow<Sleeper>(1, {.id = "day", .task_queue = kQueue});
  auto week = client_.start_workflow<Sleeper>(7, {.id = "week", .task_queue = kQueue});
  environment_.sleep(3 * 24h + 1h);
  EXPECT_EQ(day.describe().status, perdure::WorkflowExecutionStatus::kCompleted);
  EXPECT_EQ(week.describe().status, perdure::WorkflowExecutionStatus::kRunning);
  EXPECT_LT(*day.describe().close_time - day.describe().start_time, 25h);
  environment_.sleep(4 * 24h);
  EXPECT_EQ(week.describe().status, perdure::WorkflowExecutionStatus::kCompleted);
}

TEST_F(EnvironmentTest, TimeStandsStillWhileAnActivityRuns) {
  std::promise<void> let_go;
  std::promise<void> begun;
  wait_for_test = &let_go;
  has_begun = &begun;
  auto sleeper = client_.start_workflow<Sleeper>(1, {.id = "sleeper", .task_queue = kQueue});
  auto held = client_.start_workflow<HeldUp>({.id = "held", .task_queue = kQueue});
  begun.get_future().wait();
  const auto before = environment_.now();
  auto result = std::async(std::launch::async, [&] { return held.result(); });
  // The waiting call got to the engine, which was idle since.
  while (result.wait_for(20ms) == std::future_status::ready) {
  }
  EXPECT_LT(environment_.now() - before, 1h);
  EXPECT_EQ(sleeper.describe().status, perdure::WorkflowExecutionStatus::kRunning);
  let_go.set_value();
  EXPECT_EQ(result.get(), 7);
  sleeper.result();
}

TEST_F(EnvironmentTest, NothingIsSkippedUnderALock) {
  const auto before = environment_.now();
  auto sleeper = client_.start_workflow<Sleeper>(1, {.id = "sleeper", .task_queue = kQueue});
  {
    const auto lock = environment_.lock_time();
    environment_.sleep(20ms);
    EXPECT_LT(environment_.now() - before, 1h);
    EXPECT_EQ(sleeper.describe().status, perdure::WorkflowExecutionStatus::kRunning);
  }
  sleeper.result();
  EXPECT_GE(environment_.now() - before, 24h);
}

TEST_F(EnvironmentTest, WithoutSkippingResultsAreWaitedForInRealTime) {
  environment_.skip_time(false);
  auto sleeper = client_.start_workflow<Sleeper>(1, {.id = "sleeper", .task_queue = kQueue});
  const auto before = environment_.now();
  client_.execute_workflow<Sleeper>(0, {.id = "none", .task_queue = kQueue});
  EXPECT_LT(environment_.now() - before, 1h);
  environment_.sleep(25h);
  EXPECT_EQ(sleeper.describe().status, perdure::WorkflowExecutionStatus::kCompleted);
}

TEST(Environment, BeginsWhenItIsTold) {
  const auto start = system_clock::time_point(std::chrono::sys_days(std::chrono::year(2030) / 1 / 1));
  Environment environment({.start_time = start});
  environment.sleep(24h * 365);
  EXPECT_GE(environment.now(), start + 24h * 365);
  EXPECT_LT(environment.now(), start + 24h * 366);
}

TEST(Environment, MayBeGoneBeforeItsWorkers) {
  std::optional<Environment> environment(std::in_place);
  perdure::Worker worker(environment->client(),
                         {.task_queue = kQueue, .workflows = perdure::workflows<Sleeper>()});
  worker.start();
  const perdure::Client client = environment->client();
  environment.reset();
  EXPECT_EQ(client.execute_workflow<Sleeper>(1, {.id = "w", .task_queue = kQueue}), 24);
}

}  // namespace testing_test
