#pragma once
// Retry policies: defaults, validation and the arithmetic of the next attempt (common/retrypolicy,
// workflow/retry.go).
#include <cstdint>
#include <optional>
#include <string>

#include "base/time.h"
#include "engine/names.h"

namespace perdure::engine {

// Fills what is not set: 1 s, coefficient 2, maximum 100 × initial, attempts without limit.
void fill_retry_defaults(common::RetryPolicy* policy);
// None: valid (durations were capped). Else why not, in Temporal's words.
std::optional<std::string> validate_retry_policy(common::RetryPolicy* policy);
bool is_retryable(const failure::Failure& failure, const common::RetryPolicy& policy);

struct RetryDecision {
  enums::RetryState state = enums::RETRY_STATE_IN_PROGRESS;
  Duration backoff{};  // when state is IN_PROGRESS
};
// What follows the failure of attempt number `attempt` (1, 2, 3 …) at `now`. `expiration`: no attempt may
// begin later. `failure` may carry a delay of its own choice; then `delay_replaces_maximum` says that it may
// exceed the policy's maximum (activities: yes; workflows: no, as Temporal).
RetryDecision next_retry(const failure::Failure& failure, const common::RetryPolicy& policy, int attempt,
                         Timestamp now, std::optional<Timestamp> expiration, bool delay_replaces_maximum);

}  // namespace perdure::engine
