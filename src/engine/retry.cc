#include "engine/retry.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/planted.h"
#include "engine/durations.h"

namespace perdure::engine {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr const char* kTimeoutTypePrefix = "TemporalTimeout:";

bool names(const common::RetryPolicy& policy, const std::string& type) {
  const auto& types = policy.non_retryable_error_types();
  return std::find(types.begin(), types.end(), type) != types.end();
}

bool is_timeout_type(const std::string& name) {
  for (int value = 1; value <= enums::TimeoutType_MAX; ++value) {
    if (short_name(enums::TimeoutType_descriptor(), value) == name) {
      return true;
    }
  }
  return false;
}

std::int64_t exponential(const common::RetryPolicy& policy, int attempt) {
  double interval = static_cast<double>(nanos(policy.initial_interval())) *
                    std::pow(policy.backoff_coefficient(), attempt - 1);
  if (planted(PlantedBug::kRetryOneEarly)) {
    interval /= 2;
  }
  // Stored policies may hold a coefficient that is not a number.
  if (!(interval < static_cast<double>(std::numeric_limits<std::int64_t>::max()))) {
    return std::numeric_limits<std::int64_t>::max();
  }
  return std::max<std::int64_t>(0, static_cast<std::int64_t>(interval));
}

std::optional<std::int64_t> delay_of(const failure::Failure& failure) {
  if (!failure.has_application_failure_info() || !failure.application_failure_info().has_next_retry_delay()) {
    return std::nullopt;
  }
  return nanos(failure.application_failure_info().next_retry_delay());
}

}  // namespace

void fill_retry_defaults(common::RetryPolicy* policy) {
  if (nanos(policy->initial_interval()) == 0) {
    set_nanos(policy->mutable_initial_interval(), kSecond);
  }
  if (nanos(policy->maximum_interval()) == 0) {
    const std::int64_t initial = nanos(policy->initial_interval());
    const std::int64_t limit = std::numeric_limits<std::int64_t>::max() / 100;
    set_nanos(policy->mutable_maximum_interval(), initial > limit ? std::numeric_limits<std::int64_t>::max()
                                                                  : 100 * std::max<std::int64_t>(0, initial));
  }
  if (policy->backoff_coefficient() == 0) {
    policy->set_backoff_coefficient(2.0);
  }
}

std::optional<std::string> validate_retry_policy(common::RetryPolicy* policy) {
  if (policy->maximum_attempts() == 1) {
    return std::nullopt;  // never retried: nothing else matters
  }
  if (const char* why = validate_and_cap(policy->mutable_initial_interval())) {
    return fmt::format("invalid InitialInterval set on retry policy: {}", why);
  }
  if (!(policy->backoff_coefficient() >= 1)) {  // not a number is not, either
    return "BackoffCoefficient cannot be less than 1 on retry policy.";
  }
  if (const char* why = validate_and_cap(policy->mutable_maximum_interval())) {
    return fmt::format("invalid MaximumInterval set on retry policy: {}", why);
  }
  const std::int64_t maximum = nanos(policy->maximum_interval());
  if (maximum > 0 && maximum < nanos(policy->initial_interval())) {
    return "MaximumInterval cannot be less than InitialInterval on retry policy.";
  }
  if (policy->maximum_attempts() < 0) {
    return "MaximumAttempts cannot be negative on retry policy.";
  }
  for (const std::string& type : policy->non_retryable_error_types()) {
    if (type.starts_with(kTimeoutTypePrefix)) {
      const std::string name = type.substr(std::string_view(kTimeoutTypePrefix).size());
      if (!is_timeout_type(name)) {
        return fmt::format("Invalid timeout type value: {}.", name);
      }
    }
  }
  return std::nullopt;
}

bool is_retryable(const failure::Failure& failure, const common::RetryPolicy& policy) {
  if (failure.has_terminated_failure_info() || failure.has_canceled_failure_info()) {
    return false;
  }
  if (failure.has_timeout_failure_info()) {
    const enums::TimeoutType type = failure.timeout_failure_info().timeout_type();
    return (type == enums::TIMEOUT_TYPE_START_TO_CLOSE || type == enums::TIMEOUT_TYPE_HEARTBEAT) &&
           !names(policy, kTimeoutTypePrefix + short_name(type));
  }
  if (failure.has_server_failure_info()) {
    return !failure.server_failure_info().non_retryable();
  }
  if (failure.has_application_failure_info()) {
    return !failure.application_failure_info().non_retryable() &&
           !names(policy, failure.application_failure_info().type());
  }
  return true;
}

RetryDecision next_retry(const failure::Failure& failure, const common::RetryPolicy& policy, int attempt,
                         Timestamp now, std::optional<Timestamp> expiration, bool delay_replaces_maximum) {
  if (!is_retryable(failure, policy)) {
    return {enums::RETRY_STATE_NON_RETRYABLE_FAILURE};
  }
  if (policy.maximum_attempts() > 0 && attempt >= policy.maximum_attempts()) {
    return {enums::RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED};
  }
  const std::optional<std::int64_t> delay = delay_of(failure);
  std::int64_t maximum = nanos(policy.maximum_interval());
  if (delay && delay_replaces_maximum) {
    maximum = *delay;
  }
  std::int64_t interval = delay ? *delay : exponential(policy, attempt);
  if (maximum == 0 && interval <= 0) {
    return {enums::RETRY_STATE_TIMEOUT};
  }
  if (maximum != 0 && (interval <= 0 || interval > maximum)) {
    interval = maximum;
  }
  // A wait that ends after the expiration, or after the end of time, is none.
  if (interval > std::numeric_limits<std::int64_t>::max() - now.nanos ||
      (expiration && now + Duration(interval) > *expiration)) {
    return {enums::RETRY_STATE_TIMEOUT};
  }
  return {enums::RETRY_STATE_IN_PROGRESS, Duration(interval)};
}

}  // namespace perdure::engine
