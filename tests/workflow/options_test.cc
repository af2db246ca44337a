#include <gtest/gtest.h>

#include <chrono>

#include "perdure/workflow.h"
#include "tests/workflow/fake_service.h"
#include "tests/workflow/test_activities.h"

namespace perdure::testing {

using namespace std::chrono_literals;

std::string refusal(const ActivityOptions& options) {
  try {
    validate(options);
  } catch (const OptionsError& error) {
    return error.what();
  }
  return "";
}

TEST(ActivityOptionsCheck, AcceptsEitherRequiredTimeout) {
  EXPECT_EQ(refusal({.schedule_to_close_timeout = 1s}), "");
  EXPECT_EQ(refusal({.start_to_close_timeout = 1s}), "");
}

TEST(ActivityOptionsCheck, RefusesWhatTemporalRefuses) {
  const std::string missing = "Activity must have start_to_close_timeout or schedule_to_close_timeout";
  EXPECT_EQ(refusal({}), missing);
  EXPECT_EQ(refusal({.schedule_to_start_timeout = 1s}), missing);
  EXPECT_EQ(refusal({.start_to_close_timeout = 0s}), missing);
  EXPECT_EQ(refusal({.start_to_close_timeout = -1s}),
            "Activity: start_to_close_timeout cannot be negative, it is -1000000000 ns");
  EXPECT_EQ(refusal({.start_to_close_timeout = 1s, .retry_policy = RetryPolicy{.backoff_coefficient = 0.5}}),
            "Backoff coefficient cannot be less than 1");
  EXPECT_EQ(refusal({.start_to_close_timeout = 1s, .retry_policy = RetryPolicy{.initial_interval = -1s}}),
            "Initial interval cannot be negative");
  EXPECT_EQ(refusal({.start_to_close_timeout = 1s, .retry_policy = RetryPolicy{.maximum_interval = 1ms}}),
            "Maximum interval cannot be less than initial interval");
  EXPECT_EQ(refusal({.start_to_close_timeout = 1s, .retry_policy = RetryPolicy{.maximum_attempts = -1}}),
            "Maximum attempts cannot be negative");
}

struct AllOptions {
  Task<> run() {
    co_await workflow::execute_activity<add>(
        1, 2,
        {.task_queue = "other",
         .schedule_to_close_timeout = 100s,
         .schedule_to_start_timeout = 1500ms,
         .start_to_close_timeout = 10s,
         .heartbeat_timeout = 2s,
         .retry_policy =
             RetryPolicy{.initial_interval = 1s, .maximum_attempts = 4, .non_retryable_error_types = {"A"}},
         .activity_id = "mine",
         .summary = "what it is for"});
  }
};

TEST(ActivityOptionsCheck, ReachTheCommand) {
  FakeService service("AllOptions");
  service.start_task();
  WorkflowRun run(detail::workflow_definition<AllOptions>(), identity());
  const Completion completion = run.activate(service.events(), {});
  ASSERT_EQ(completion.commands.size(), 1U);
  const auto& attributes = completion.commands[0].schedule_activity_task_command_attributes();
  EXPECT_EQ(attributes.activity_id(), "mine");
  EXPECT_EQ(attributes.activity_type().name(), "add");
  EXPECT_EQ(attributes.task_queue().name(), "other");
  EXPECT_EQ(attributes.schedule_to_close_timeout().seconds(), 100);
  EXPECT_EQ(attributes.schedule_to_start_timeout().nanos(), 500'000'000);
  EXPECT_EQ(attributes.start_to_close_timeout().seconds(), 10);
  EXPECT_EQ(attributes.heartbeat_timeout().seconds(), 2);
  EXPECT_EQ(attributes.retry_policy().maximum_attempts(), 4);
  EXPECT_EQ(attributes.retry_policy().non_retryable_error_types(0), "A");
  EXPECT_EQ(attributes.input().payloads_size(), 2);
  EXPECT_FALSE(attributes.request_eager_execution());
  EXPECT_EQ(completion.commands[0].user_metadata().summary().data(), "\"what it is for\"");
}

TEST(SleepOptionsCheck, RefusesANegativeDuration) { EXPECT_THROW((void)workflow::sleep(-1s), OptionsError); }

static_assert(activity_name<add> == "add");
static_assert(activity_name<&Shop::price> == "price");
static_assert(workflow_name<AllOptions> == "AllOptions");

}  // namespace perdure::testing
