#pragma once
// How often and how fast something that failed is attempted again.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "perdure/error.h"

namespace perdure {

// Attempt n+1 starts initial_interval * backoff_coefficient^(n-1) after attempt n failed, at most
// maximum_interval.
struct RetryPolicy {
  std::chrono::nanoseconds initial_interval = std::chrono::seconds(1);
  double backoff_coefficient = 2.0;
  std::optional<std::chrono::nanoseconds> maximum_interval{};  // none: 100 times the initial interval
  std::int32_t maximum_attempts = 0;                           // 0: until it succeeds or a timeout passes
  std::vector<std::string> non_retryable_error_types{};        // compared with ApplicationError::type()

  friend bool operator==(const RetryPolicy&, const RetryPolicy&) = default;
};

// Throws OptionsError, with the wording of Temporal's SDKs.
inline void validate(const RetryPolicy& policy) {
  using std::chrono::nanoseconds;
  if (policy.maximum_attempts == 1) {
    return;  // never retried, so the intervals do not matter
  }
  if (policy.initial_interval < nanoseconds::zero()) {
    throw OptionsError("Initial interval cannot be negative");
  }
  if (policy.backoff_coefficient < 1) {
    throw OptionsError("Backoff coefficient cannot be less than 1");
  }
  if (policy.maximum_interval && *policy.maximum_interval < nanoseconds::zero()) {
    throw OptionsError("Maximum interval cannot be negative");
  }
  if (policy.maximum_interval && *policy.maximum_interval < policy.initial_interval) {
    throw OptionsError("Maximum interval cannot be less than initial interval");
  }
  if (policy.maximum_attempts < 0) {
    throw OptionsError("Maximum attempts cannot be negative");
  }
}

}  // namespace perdure
