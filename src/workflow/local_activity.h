#pragma once
// What passes between a run and the worker that runs its local activities.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "perdure/payload.h"
#include "perdure/workflow_options.h"
#include "temporal/api/failure/v1/message.pb.h"

namespace perdure::workflow_core {

// What the worker has to run. Named by its number, which no other activity of the run has.
struct LocalActivityTask {
  std::uint32_t number = 0;
  std::string activity_id;
  std::string activity_type;
  Payloads arguments;
  LocalActivityOptions options;
  Headers headers{};
  int first_attempt = 1;  // higher after a backoff by a durable timer
  // When the first attempt was asked for, by the worker's clock; none: now.
  std::optional<std::chrono::system_clock::time_point> scheduled_time;
};

// How it ended, or paused.
struct LocalActivityOutcome {
  // Exactly one of the two. A failure that is a cancellation or a timeout has no cause; others are the
  // activity's own.
  std::optional<Payload> result;
  std::optional<temporal::api::failure::v1::Failure> failure;
  int attempt = 1;                     // the last
  std::chrono::nanoseconds runtime{};  // of the last attempt
  // It is to be attempted once more after so long; too long to wait for in the worker.
  std::optional<std::chrono::nanoseconds> backoff;
  std::optional<std::chrono::system_clock::time_point> scheduled_time;
};

}  // namespace perdure::workflow_core
