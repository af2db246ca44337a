#pragma once
// The options of what a workflow starts. Aggregates: write `{.start_to_close_timeout = 10s}` in the order
// below.
#include <chrono>
#include <optional>
#include <string>

#include "perdure/retry_policy.h"

namespace perdure {

// What a cancelled activity does to the workflow that waits for it. Values are those of Temporal's SDKs.
enum class ActivityCancellationType {
  kTryCancel = 0,                  // ask the activity to stop; the wait throws CancelledError at once
  kWaitCancellationCompleted = 1,  // ask the activity to stop; wait for what it says
  kAbandon = 2,                    // do not ask; the wait throws CancelledError at once
};

// One of schedule_to_close_timeout and start_to_close_timeout is required. A timeout of zero counts as not
// given.
struct ActivityOptions {
  std::string task_queue{};                                             // empty: that of the workflow
  std::optional<std::chrono::nanoseconds> schedule_to_close_timeout{};  // over all attempts
  std::optional<std::chrono::nanoseconds> schedule_to_start_timeout{};  // waiting for a worker
  std::optional<std::chrono::nanoseconds> start_to_close_timeout{};     // one attempt
  std::optional<std::chrono::nanoseconds> heartbeat_timeout{};          // between two heartbeats
  std::optional<RetryPolicy> retry_policy{};                            // none: the service's default
  ActivityCancellationType cancellation_type = ActivityCancellationType::kTryCancel;
  std::string activity_id{};  // empty: numbered by the workflow
  bool disable_eager_execution = false;
  std::string summary{};  // one line, shown in user interfaces
};

// Of an activity that runs in the worker of the workflow's own task, see workflow_local_activities.h. One of
// schedule_to_close_timeout and start_to_close_timeout is required. A timeout of zero counts as not given.
struct LocalActivityOptions {
  std::optional<std::chrono::nanoseconds> schedule_to_close_timeout{};  // over all attempts
  std::optional<std::chrono::nanoseconds>
      schedule_to_start_timeout{};                                   // waiting for a free slot of the worker
  std::optional<std::chrono::nanoseconds> start_to_close_timeout{};  // one attempt
  std::optional<RetryPolicy> retry_policy{};                         // none: the service's default
  // A pause between two attempts that is longer becomes a durable timer, and the workflow task ends
  // meanwhile.
  std::chrono::nanoseconds local_retry_threshold = std::chrono::seconds(60);
  ActivityCancellationType cancellation_type = ActivityCancellationType::kTryCancel;
  std::string activity_id{};  // empty: numbered by the workflow
  std::string summary{};      // one line, shown in user interfaces
};

// What a run that continues as new may change; everything not given stays as it is.
struct ContinueAsNewOptions {
  std::string task_queue{};
  std::optional<std::chrono::nanoseconds> run_timeout{};
  std::optional<std::chrono::nanoseconds> task_timeout{};
  std::optional<std::chrono::nanoseconds> backoff_start_interval{};  // wait before the new run starts
  std::optional<RetryPolicy> retry_policy{};
};

// Throw OptionsError: a required timeout is missing or a duration is negative.
void validate(const ActivityOptions& options);
void validate(const LocalActivityOptions& options);
void validate(const ContinueAsNewOptions& options);

}  // namespace perdure
