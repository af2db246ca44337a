#pragma once
// The options of what a workflow starts. Aggregates: write `{.start_to_close_timeout = 10s}` in the order
// below.
#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "perdure/payload.h"
#include "perdure/retry_policy.h"
#include "perdure/search_attributes.h"
#include "perdure/workflow_id_policy.h"

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

// What a cancelled child workflow does to the workflow that waits for it. Values are those of Temporal's
// SDKs.
enum class ChildWorkflowCancellationType {
  kAbandon = 0,                    // do not ask; the wait throws CancelledError at once
  kTryCancel = 1,                  // ask the child to cancel; the wait throws CancelledError at once
  kWaitCancellationCompleted = 2,  // ask the child to cancel; wait for how it ends
  kWaitCancellationRequested = 3,  // ask the child to cancel; wait until it was told
};

// What becomes of a child whose parent has ended. Values are the wire's.
enum class ParentClosePolicy {
  kTerminate = 1,
  kAbandon = 2,        // it goes on
  kRequestCancel = 3,  // it is asked to cancel
};

// Named as in Temporal's Python SDK. Durations that are not given are not limited.
struct ChildWorkflowOptions {
  std::string id{};          // empty: a random one
  std::string task_queue{};  // empty: that of the workflow
  ChildWorkflowCancellationType cancellation_type = ChildWorkflowCancellationType::kWaitCancellationCompleted;
  ParentClosePolicy parent_close_policy = ParentClosePolicy::kTerminate;
  std::optional<std::chrono::nanoseconds> execution_timeout{};  // over all runs: retries and continue-as-new
  std::optional<std::chrono::nanoseconds> run_timeout{};        // of one run
  std::optional<std::chrono::nanoseconds> task_timeout{};       // of one step of workflow code
  WorkflowIdReusePolicy id_reuse_policy = WorkflowIdReusePolicy::kAllowDuplicate;
  std::optional<RetryPolicy> retry_policy{};  // none: a child that fails is not tried again
  std::string cron_schedule{};
  std::map<std::string, Payload> memo{};  // {"key", to_payload(value)}
  SearchAttributes search_attributes{};   // {{kCustomer, "c-7"}}
  std::string static_summary{};           // one line, shown in user interfaces
  std::string static_details{};           // more of it, in Markdown
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
void validate(const ChildWorkflowOptions& options);

}  // namespace perdure
