// The arithmetic of retries, against the table of Temporal's workflow/retry.go.
#include "engine/retry.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "engine/durations.h"
#include "engine/failures.h"
#include "harness.h"

namespace perdure::engine::testing {
namespace {

constexpr Timestamp kNow{1'000'000'000'000};

failure::Failure application(const std::string& type, bool non_retryable = false) {
  failure::Failure failure;
  failure.mutable_application_failure_info()->set_type(type);
  failure.mutable_application_failure_info()->set_non_retryable(non_retryable);
  return failure;
}

common::RetryPolicy policy(double initial, double coefficient, double maximum, int attempts = 0) {
  common::RetryPolicy result;
  *result.mutable_initial_interval() = seconds(initial);
  *result.mutable_maximum_interval() = seconds(maximum);
  result.set_backoff_coefficient(coefficient);
  result.set_maximum_attempts(attempts);
  return result;
}

double backoff_seconds(const common::RetryPolicy& policy, int attempt) {
  const RetryDecision decision = next_retry(application("A"), policy, attempt, kNow, std::nullopt, true);
  EXPECT_EQ(decision.state, enums::RETRY_STATE_IN_PROGRESS);
  return static_cast<double>(decision.backoff.count()) / 1e9;
}

TEST(Retry, BackoffGrowsByTheCoefficientUpToTheMaximum) {
  const std::vector<double> expected{1, 2, 4, 8, 10, 10};
  for (int attempt = 1; attempt <= 6; ++attempt) {
    EXPECT_DOUBLE_EQ(backoff_seconds(policy(1, 2, 10), attempt),
                     expected[static_cast<std::size_t>(attempt - 1)]);
  }
  EXPECT_DOUBLE_EQ(backoff_seconds(policy(0.5, 1, 10), 7), 0.5);
}

TEST(Retry, BackoffOfAThousandthAttemptIsTheMaximum) {
  EXPECT_DOUBLE_EQ(backoff_seconds(policy(1, 2, 100), 1000), 100);
}

// Found by perdure-fuzz-requests.
TEST(Retry, ACoefficientThatIsNotANumberIsRefusedAndIfStoredMeansTheMaximum) {
  const double not_a_number = std::numeric_limits<double>::quiet_NaN();
  auto bad = policy(1, not_a_number, 10);
  EXPECT_EQ(validate_retry_policy(&bad), "BackoffCoefficient cannot be less than 1 on retry policy.");
  EXPECT_EQ(backoff_seconds(bad, 2), 10);
}

// Found by perdure-fuzz-requests: a hundred times this is less than any number.
TEST(Retry, AnIntervalFarBelowZeroIsRefused) {
  common::RetryPolicy bad;
  bad.mutable_initial_interval()->set_seconds(std::numeric_limits<std::int64_t>::min());
  fill_retry_defaults(&bad);
  EXPECT_EQ(nanos(bad.maximum_interval()), 0);
  EXPECT_EQ(validate_retry_policy(&bad), "invalid InitialInterval set on retry policy: negative duration");
}

TEST(Retry, AttemptsAreCountedWithTheFirst) {
  const auto state = [](int attempt, int maximum) {
    return next_retry(application("A"), policy(1, 2, 10, maximum), attempt, kNow, std::nullopt, true).state;
  };
  EXPECT_EQ(state(1, 1), enums::RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED);
  EXPECT_EQ(state(1, 2), enums::RETRY_STATE_IN_PROGRESS);
  EXPECT_EQ(state(2, 2), enums::RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED);
}

TEST(Retry, NoAttemptBeginsAfterTheExpiration) {
  const auto state = [](Duration left) {
    return next_retry(application("A"), policy(2, 2, 10), 1, kNow, kNow + left, true).state;
  };
  EXPECT_EQ(state(std::chrono::seconds(2)), enums::RETRY_STATE_IN_PROGRESS);
  EXPECT_EQ(state(std::chrono::milliseconds(1999)), enums::RETRY_STATE_TIMEOUT);
}

TEST(Retry, AnActivitysOwnDelayMayExceedTheMaximumAWorkflowsMayNot) {
  failure::Failure failure = application("A");
  *failure.mutable_application_failure_info()->mutable_next_retry_delay() = seconds(60);
  EXPECT_EQ(next_retry(failure, policy(1, 2, 10), 1, kNow, std::nullopt, true).backoff,
            std::chrono::seconds(60));
  EXPECT_EQ(next_retry(failure, policy(1, 2, 10), 1, kNow, std::nullopt, false).backoff,
            std::chrono::seconds(10));
}

TEST(Retry, SomeFailuresAreNeverRetried) {
  common::RetryPolicy strict = policy(1, 2, 10);
  strict.add_non_retryable_error_types("Bad");
  strict.add_non_retryable_error_types("TemporalTimeout:Heartbeat");
  failure::Failure canceled, terminated;
  canceled.mutable_canceled_failure_info();
  terminated.mutable_terminated_failure_info();
  EXPECT_FALSE(is_retryable(application("Bad"), strict));
  EXPECT_TRUE(is_retryable(application("Good"), strict));
  EXPECT_FALSE(is_retryable(application("Good", true), strict));
  EXPECT_FALSE(is_retryable(canceled, strict));
  EXPECT_FALSE(is_retryable(terminated, strict));
  EXPECT_FALSE(is_retryable(make_server_failure("x", true), strict));
  EXPECT_TRUE(is_retryable(make_server_failure("x", false), strict));
  EXPECT_FALSE(is_retryable(make_timeout_failure("x", enums::TIMEOUT_TYPE_SCHEDULE_TO_START), strict));
  EXPECT_FALSE(is_retryable(make_timeout_failure("x", enums::TIMEOUT_TYPE_SCHEDULE_TO_CLOSE), strict));
  EXPECT_TRUE(is_retryable(make_timeout_failure("x", enums::TIMEOUT_TYPE_START_TO_CLOSE), strict));
  EXPECT_FALSE(is_retryable(make_timeout_failure("x", enums::TIMEOUT_TYPE_HEARTBEAT), strict));
}

TEST(Retry, DefaultsAreOneSecondDoublingUpToAHundredTimesTheFirst) {
  common::RetryPolicy empty;
  fill_retry_defaults(&empty);
  EXPECT_EQ(nanos(empty.initial_interval()), 1'000'000'000);
  EXPECT_EQ(nanos(empty.maximum_interval()), 100'000'000'000);
  EXPECT_DOUBLE_EQ(empty.backoff_coefficient(), 2);
  EXPECT_EQ(empty.maximum_attempts(), 0);
}

TEST(Retry, APolicyThatMakesNoSenseIsRefusedInTemporalsWords) {
  common::RetryPolicy low = policy(1, 0.5, 10);
  EXPECT_EQ(validate_retry_policy(&low), "BackoffCoefficient cannot be less than 1 on retry policy.");
  common::RetryPolicy crossed = policy(10, 2, 1);
  EXPECT_EQ(validate_retry_policy(&crossed),
            "MaximumInterval cannot be less than InitialInterval on retry policy.");
  common::RetryPolicy negative = policy(-1, 2, 1);
  EXPECT_EQ(validate_retry_policy(&negative),
            "invalid InitialInterval set on retry policy: negative duration");
  common::RetryPolicy attempts = policy(1, 2, 10, -1);
  EXPECT_EQ(validate_retry_policy(&attempts), "MaximumAttempts cannot be negative on retry policy.");
  common::RetryPolicy type = policy(1, 2, 10);
  type.add_non_retryable_error_types("TemporalTimeout:Never");
  EXPECT_EQ(validate_retry_policy(&type), "Invalid timeout type value: Never.");
  common::RetryPolicy once = policy(1, 0.5, 10, 1);
  EXPECT_EQ(validate_retry_policy(&once), std::nullopt) << "one attempt: the rest does not matter";
}

}  // namespace
}  // namespace perdure::engine::testing
