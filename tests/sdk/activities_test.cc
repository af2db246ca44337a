// Activities that fail, are retried, time out, heartbeat, are cancelled; functions and coroutines.
#include <atomic>
#include <condition_variable>
#include <latch>
#include <mutex>
#include <stdexcept>

#include "tests/sdk/fixture.h"
#include "tests/support/heartbeating.h"
#include "tests/support/kept_log.h"

namespace sdk_test {

struct Plan {
  int fail_until_attempt = 0;
  int maximum_attempts = 0;
};

std::string flaky(Plan plan) {
  const int attempt = activity::info().attempt;
  if (attempt < plan.fail_until_attempt) {
    throw std::runtime_error("attempt " + std::to_string(attempt) + " failed");
  }
  return "attempt " + std::to_string(attempt);
}

std::string refuses() {
  throw perdure::ApplicationError(
      "no such account",
      {.type = "AccountError", .non_retryable = true, .details = perdure::to_payloads("account", 17)});
}

class Flaky {
 public:
  perdure::Task<std::string> run(Plan plan) {
    co_return co_await workflow::execute_activity<flaky>(
        plan,
        {.start_to_close_timeout = 10s,
         .retry_policy = perdure::RetryPolicy{
             .initial_interval = 1ms, .backoff_coefficient = 1, .maximum_attempts = plan.maximum_attempts}});
  }
};

class Refused {
 public:
  perdure::Task<std::string> run() {
    co_return co_await workflow::execute_activity<refuses>({.start_to_close_timeout = 10s});
  }
};

class CallsUnknown {
 public:
  perdure::Task<int> run() {
    co_return co_await workflow::execute_activity_by_name<int>(
        "missing",
        {.start_to_close_timeout = 10s, .retry_policy = perdure::RetryPolicy{.maximum_attempts = 1}});
  }
};

// Blocks until the test opens it.
class Door {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  int pass() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return open_; });
    return 1;
  }
  // Waits until a heartbeat is answered with a cancellation.
  std::string until_cancelled() {
    started.count_down();
    try {
      test_support::heartbeat_until_cancelled();
    } catch (const perdure::CancelledError& error) {
      seen = error.what();
      throw;
    }
  }
  std::vector<int> step() { return test_support::fail_half_way_and_go_on(); }

  std::latch started{1};
  std::string seen;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

class Waits {
 public:
  perdure::Task<int> run(perdure::TimeoutType type) {
    perdure::ActivityOptions options{.retry_policy = perdure::RetryPolicy{.maximum_attempts = 1}};
    if (type == perdure::TimeoutType::kStartToClose) {
      options.start_to_close_timeout = 50ms;
    } else if (type == perdure::TimeoutType::kHeartbeat) {
      options.start_to_close_timeout = 60s;
      options.heartbeat_timeout = 50ms;
    } else {
      options.schedule_to_close_timeout = 50ms;
    }
    co_return co_await workflow::execute_activity<&Door::pass>(options);
  }
};

class NobodyThere {
 public:
  perdure::Task<int> run() {
    co_return co_await workflow::execute_activity<&Door::pass>(
        {.task_queue = "empty queue", .schedule_to_start_timeout = 50ms, .start_to_close_timeout = 10s});
  }
};

class Steps {
 public:
  perdure::Task<std::vector<int>> run() {
    co_return co_await workflow::execute_activity<&Door::step>(
        {.start_to_close_timeout = 10s, .retry_policy = perdure::RetryPolicy{.initial_interval = 1ms}});
  }
};

class Cancellable {
 public:
  perdure::Task<std::string> run() {
    co_return co_await workflow::execute_activity<&Door::until_cancelled>(
        {.start_to_close_timeout = 60s,
         .heartbeat_timeout = 30s,
         .cancellation_type = perdure::ActivityCancellationType::kWaitCancellationCompleted});
  }
};

perdure::Task<int> halve(int n) {
  co_await activity::sleep(1ms);
  co_return n / 2;
}

perdure::Task<std::string> slow_sum(int a, int b) {
  int sum = 0;
  for (const int n : {a, b}) {
    sum += co_await halve(2 * n);
    activity::heartbeat(sum);
  }
  co_return std::to_string(sum) + " in " + activity::info().activity_type;
}

perdure::Task<int> sleeps_for_ever() {
  while (true) {
    activity::heartbeat();
    co_await activity::sleep(20ms);
  }
}

class Coroutines {
 public:
  perdure::Task<std::string> run() {
    auto sleeper = workflow::start_activity<sleeps_for_ever>(
        {.start_to_close_timeout = 60s,
         .heartbeat_timeout = 30s,
         .cancellation_type = perdure::ActivityCancellationType::kWaitCancellationCompleted});
    std::string sum = co_await workflow::execute_activity<slow_sum>(3, 4, {.start_to_close_timeout = 10s});
    sleeper.cancel();
    try {
      co_await sleeper;
    } catch (const perdure::CancelledError&) {
      sum += ", cancelled";
    }
    co_return sum;
  }
};

class ActivitiesTest : public SdkTest {
 protected:
  template <class W, class... A>
  std::optional<perdure::WorkflowFailureError> failure_of(A... arguments) {
    return error_of<perdure::WorkflowFailureError>([&] {
      client().execute_workflow<W>(arguments...,
                                   {.id = std::string(perdure::workflow_name<W>), .task_queue = kQueue});
    });
  }
};

TEST_F(ActivitiesTest, AFailedAttemptIsRetried) {
  const auto running =
      worker({.workflows = perdure::workflows<Flaky>(), .activities = perdure::activities<flaky>()});
  EXPECT_EQ(client().execute_workflow<Flaky>({.fail_until_attempt = 4}, {.id = "w", .task_queue = kQueue}),
            "attempt 4");
}

TEST_F(ActivitiesTest, TheLastAttemptsErrorReachesTheClientWithItsCauses) {
  const auto running =
      worker({.workflows = perdure::workflows<Flaky>(), .activities = perdure::activities<flaky>()});
  const auto error = failure_of<Flaky>(Plan{.fail_until_attempt = 9, .maximum_attempts = 3});
  ASSERT_TRUE(error);
  const auto* activity_error = cause_at<perdure::ActivityError>(*error, 0);
  ASSERT_NE(activity_error, nullptr) << error->what();
  EXPECT_EQ(activity_error->activity_type(), "flaky");
  EXPECT_EQ(activity_error->retry_state(), perdure::RetryState::kMaximumAttemptsReached);
  const auto* application = cause_at<perdure::ApplicationError>(*error, 1);
  ASSERT_NE(application, nullptr);
  EXPECT_EQ(application->message(), "attempt 3 failed");
  EXPECT_EQ(application->type(), "runtime_error");
}

TEST_F(ActivitiesTest, ANonRetryableErrorIsNotRetriedAndKeepsTypeAndDetails) {
  const auto running =
      worker({.workflows = perdure::workflows<Refused>(), .activities = perdure::activities<refuses>()});
  const auto error = failure_of<Refused>();
  ASSERT_TRUE(error);
  const auto* application = cause_at<perdure::ApplicationError>(*error, 1);
  ASSERT_NE(application, nullptr) << error->what();
  EXPECT_EQ(application->type(), "AccountError");
  EXPECT_TRUE(application->non_retryable());
  EXPECT_EQ((perdure::from_payloads<std::string, int>(application->details())),
            (std::tuple<std::string, int>("account", 17)));
}

TEST_F(ActivitiesTest, AnUnknownActivityNamesThoseThatAreKnown) {
  const auto running = worker(
      {.workflows = perdure::workflows<CallsUnknown>(), .activities = perdure::activities<refuses, flaky>()});
  const auto error = failure_of<CallsUnknown>();
  ASSERT_TRUE(error);
  const auto* application = cause_at<perdure::ApplicationError>(*error, 1);
  ASSERT_NE(application, nullptr) << error->what();
  EXPECT_EQ(application->type(), "NotFoundError");
  EXPECT_EQ(application->message(),
            "Activity function missing for workflow CallsUnknown is not registered on this worker, available "
            "activities: flaky, refuses");
}

class TimeoutTest : public ActivitiesTest, public testing::WithParamInterface<perdure::TimeoutType> {};

TEST_P(TimeoutTest, ReachesTheWorkflow) {
  Door door;
  const auto running = worker(
      {.workflows = perdure::workflows<Waits>(), .activities = perdure::activities<&Door::pass>(door)});
  const auto error = failure_of<Waits>(GetParam());
  door.open();
  ASSERT_TRUE(error);
  const auto* timeout = cause_at<perdure::TimeoutError>(*error, 1);
  ASSERT_NE(timeout, nullptr) << error->what();
  // As Temporal: an attempt that cannot be repeated within schedule-to-close ends with that type or with the
  // start-to-close that was derived from it.
  if (GetParam() == perdure::TimeoutType::kScheduleToClose) {
    EXPECT_THAT(timeout->type(),
                testing::AnyOf(perdure::TimeoutType::kScheduleToClose, perdure::TimeoutType::kStartToClose));
  } else {
    EXPECT_EQ(timeout->type(), GetParam());
  }
}

INSTANTIATE_TEST_SUITE_P(Activities, TimeoutTest,
                         testing::Values(perdure::TimeoutType::kStartToClose,
                                         perdure::TimeoutType::kScheduleToClose,
                                         perdure::TimeoutType::kHeartbeat));

TEST_F(ActivitiesTest, AnActivityThatNobodyTakesTimesOut) {
  const auto running = worker({.workflows = perdure::workflows<NobodyThere>()});
  const auto error = failure_of<NobodyThere>();
  ASSERT_TRUE(error);
  const auto* timeout = cause_at<perdure::TimeoutError>(*error, 1);
  ASSERT_NE(timeout, nullptr) << error->what();
  EXPECT_EQ(timeout->type(), perdure::TimeoutType::kScheduleToStart);
}

TEST_F(ActivitiesTest, TheNextAttemptKnowsTheLastHeartbeat) {
  Door door;
  const auto running = worker(
      {.workflows = perdure::workflows<Steps>(), .activities = perdure::activities<&Door::step>(door)});
  EXPECT_EQ(client().execute_workflow<Steps>({.id = "w", .task_queue = kQueue}), (std::vector<int>{2, 1, 2}));
}

TEST_F(ActivitiesTest, ACancellationReachesTheActivityThroughItsHeartbeat) {
  Door door;
  const auto running = worker({.workflows = perdure::workflows<Cancellable>(),
                               .activities = perdure::activities<&Door::until_cancelled>(door),
                               .max_heartbeat_throttle_interval = 20ms});
  const auto handle = client().start_workflow<Cancellable>({.id = "w", .task_queue = kQueue});
  door.started.wait();
  handle.cancel("changed my mind");
  const auto error = error_of<perdure::WorkflowFailureError>([&] { handle.result(); });
  ASSERT_TRUE(error);
  EXPECT_NE(cause_at<perdure::CancelledError>(*error, 0), nullptr) << error->what();
  EXPECT_EQ(door.seen, "Cancelled");
  EXPECT_EQ(handle.describe().status, perdure::WorkflowExecutionStatus::kCanceled);
}

TEST_F(ActivitiesTest, CoroutinesRunOnTheEventLoopAndAreCancelled) {
  const auto running = worker({.workflows = perdure::workflows<Coroutines>(),
                               .activities = perdure::activities<slow_sum, sleeps_for_ever>(),
                               .max_heartbeat_throttle_interval = 20ms});
  EXPECT_EQ(client().execute_workflow<Coroutines>({.id = "w", .task_queue = kQueue}),
            "7 in slow_sum, cancelled");
}

int size_of(const std::string& text) { return static_cast<int>(text.size()); }
class PassesTooMuch {
 public:
  perdure::Task<int> run(int size) {
    co_return co_await workflow::execute_activity<size_of>(std::string(static_cast<std::size_t>(size), 'x'),
                                                           {.start_to_close_timeout = 10s});
  }
};

TEST_F(ActivitiesTest, AnArgumentOfMoreThanTwoMebibytesTerminatesTheRun) {
  auto running = worker(
      {.workflows = perdure::workflows<PassesTooMuch>(), .activities = perdure::activities<size_of>()});
  constexpr int kLimit = 2 * 1024 * 1024;  // with what is around the text
  EXPECT_EQ(client().execute_workflow<PassesTooMuch>(kLimit - 100, {.id = "fits", .task_queue = kQueue}),
            kLimit - 100);
  const auto error = error_of<perdure::WorkflowFailureError>(
      [&] { client().execute_workflow<PassesTooMuch>(kLimit, {.id = "does not", .task_queue = kQueue}); });
  ASSERT_TRUE(error);
  const auto* cause = cause_at<perdure::TerminatedError>(*error, 0);
  ASSERT_NE(cause, nullptr) << error->what();
  EXPECT_THAT(cause->message(), testing::HasSubstr("Input exceeds size limit"));
}

class Measures {
 public:
  perdure::Task<int> run(std::string text) { co_return static_cast<int>(text.size()); }
};

TEST_F(ActivitiesTest, PayloadsOfMoreThanHalfAMebibyteAreWarnedAbout) {
  const test_support::KeptLog log;
  auto running = worker({.workflows = perdure::workflows<PassesTooMuch, Measures>(),
                         .activities = perdure::activities<size_of>()});
  constexpr int kLimit = 512 * 1024;
  client().execute_workflow<PassesTooMuch>(kLimit - 2, {.id = "fits", .task_queue = kQueue});
  EXPECT_TRUE(log.lines().empty());
  client().execute_workflow<PassesTooMuch>(kLimit, {.id = "large", .task_queue = kQueue});
  client().execute_workflow<Measures>(std::string(kLimit, 'x'), {.id = "started", .task_queue = kQueue});
  const auto lines = log.lines();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_THAT(lines[0].message,
              testing::HasSubstr("[TMPRL1103] a payload of 524290 bytes is larger than 524288"));
  EXPECT_EQ(test_support::field(lines[0], "method"), "RespondWorkflowTaskCompleted");
  EXPECT_EQ(test_support::field(lines[0], "payload"),
            "commands[0].schedule_activity_task_command_attributes.input.payloads[0]");
  EXPECT_EQ(test_support::field(lines[1], "method"), "StartWorkflowExecution");
  EXPECT_EQ(test_support::field(lines[1], "payload"), "input.payloads[0]");
}

int tick() { return 1; }
class Ticks {
 public:
  perdure::Task<int> run(int count) {
    std::vector<workflow::ActivityHandle<int>> ticks;
    for (int i = 0; i < count; ++i) {
      ticks.push_back(workflow::start_activity<tick>({.start_to_close_timeout = 30s}));
    }
    int sum = 0;
    for (const auto& one : ticks) {
      sum += co_await one;
    }
    co_return sum;
  }
};

TEST_F(ActivitiesTest, AWorkerTakesNoMoreActivitiesASecondThanItsLimit) {
  auto running = worker({.workflows = perdure::workflows<Ticks>(),
                         .activities = perdure::activities<tick>(),
                         .max_activities_per_second = 10});
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(client().execute_workflow<Ticks>(5, {.id = "w", .task_queue = kQueue}), 5);
  EXPECT_GE(std::chrono::steady_clock::now() - began, 290ms) << "the first two polls may be open already";
}

perdure::Task<int> blocks() {
  activity::wait_for_cancelled(2100ms);  // which is for ordinary functions
  co_return 1;
}
class Blocked {
 public:
  perdure::Task<int> run() {
    co_return co_await workflow::execute_activity<blocks>({.start_to_close_timeout = 10s});
  }
};

TEST_F(ActivitiesTest, ACoroutineThatBlocksTheEventLoopIsReported) {
  const test_support::KeptLog log;
  auto running =
      worker({.workflows = perdure::workflows<Blocked>(), .activities = perdure::activities<blocks>()});
  EXPECT_EQ(client().execute_workflow<Blocked>({.id = "w", .task_queue = kQueue}), 1);
  running->stop();
  ASSERT_EQ(log.lines().size(), 1U);
  EXPECT_THAT(log.lines()[0].message, testing::HasSubstr("blocked its worker's event loop"));
  EXPECT_EQ(test_support::field(log.lines()[0], "activity_type"), "blocks");
  EXPECT_EQ(test_support::field(log.lines()[0], "workflow_id"), "w");
}

TEST_F(ActivitiesTest, OneSlotIsEnoughAndEagerStartsCanBeOff) {
  for (const bool eager_off : {false, true}) {
    const auto running = worker({.workflows = perdure::workflows<Flaky>(),
                                 .activities = perdure::activities<flaky>(),
                                 .max_concurrent_activities = 1,
                                 .disable_eager_activity_execution = eager_off});
    EXPECT_EQ(client().execute_workflow<Flaky>({.fail_until_attempt = 2},
                                               {.id = eager_off ? "off" : "on", .task_queue = kQueue}),
              "attempt 2");
  }
}

TEST_F(ActivitiesTest, TheContextBelongsToActivitiesOnly) {
  EXPECT_FALSE(activity::in_activity());
  EXPECT_THROW(activity::heartbeat(), perdure::PerdureError);
  EXPECT_THROW(activity::info(), perdure::PerdureError);
}

}  // namespace sdk_test
