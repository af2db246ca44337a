#pragma once
// The activities of a run.
//
//   waiting ── start ──▶ started ── complete / fail / time out / cancel ──▶ closed (events)
//      ▲                    │ may be retried
//      └── retry is due ── backoff
//
// Attempts leave no events: an ActivityTaskStarted event is written together with the one that closes the
// activity, with the attempt and the failure before it. See Temporal's mutable_state_impl.go (RetryActivity,
// Add/ApplyActivity…) and timer_queue_active_task_executor.go.
#include <cstdint>
#include <optional>
#include <string>

#include "engine/names.h"
#include "engine/step.h"

namespace perdure::engine {

// Makes the item of an activity whose scheduled event was just appended.
void add_activity(Step& step, std::int64_t scheduled_event_id,
                  const history::ActivityTaskScheduledEventAttributes& scheduled);

// Hands the waiting attempt out.
ActivityTaskStart start_attempt(Step& step, std::int64_t scheduled_event_id, const PollerInfo& poller,
                                const std::string& request_id);
ActivityTaskStart activity_task_answer(const Execution& run, std::int64_t scheduled_event_id);

// After a failure of the current attempt: another attempt (IN_PROGRESS; the item waits for it), or why there
// is none (the caller closes the activity).
enums::RetryState retry_activity(Step& step, std::int64_t scheduled_event_id, const failure::Failure& why);

// Who says how an attempt ended.
struct Reporter {
  std::string identity;
  std::string build_id{};  // empty: it is not known, because no worker tells, or not by its task token
};

// These write the closing event (and the started event, if an attempt is running) and remove the item.
void close_activity_completed(Step& step, std::int64_t scheduled_event_id, const Reporter& reporter,
                              const common::Payloads* result);
void close_activity_failed(Step& step, std::int64_t scheduled_event_id, const failure::Failure& why,
                           enums::RetryState retry_state, const Reporter& reporter);
void close_activity_timed_out(Step& step, std::int64_t scheduled_event_id, failure::Failure timeout,
                              enums::RetryState retry_state);
void close_activity_canceled(Step& step, std::int64_t scheduled_event_id, const common::Payloads* details,
                             const std::string& identity);

struct ActivityTimeout {
  enums::TimeoutType type{};
  Timestamp deadline;
};
// The timeout of the current attempt that ends first; none: no timeout applies.
std::optional<ActivityTimeout> next_timeout(const state::ActivityState& activity);

}  // namespace perdure::engine
