#pragma once
// Failures and payloads as Temporal's server makes them, and its rule for what may be retried
// (common/failure, common/retrypolicy).
#include <cstddef>
#include <string>
#include <string_view>

#include "engine/names.h"

namespace perdure::engine {

// A ServerFailureInfo without a source, as in events (common/failure.NewServerFailure).
failure::Failure make_server_failure(std::string_view message, bool non_retryable);
failure::Failure make_timeout_failure(std::string_view message, enums::TimeoutType type);

// Type, source, message, stack trace and causes, each cut so that all together stay near `max_bytes`; valid
// UTF-8.
failure::Failure truncate_failure(const failure::Failure& failure, std::size_t max_bytes);
// `failure`, or if it is too long for an event a ServerFailure around its truncation.
failure::Failure bounded_failure(const failure::Failure& failure);
// The same for the smaller limit of what is kept of a failed attempt.
failure::Failure stored_activity_failure(const failure::Failure& failure);

// One json/plain payload that holds `text` (common/payloads.EncodeString).
common::Payloads text_payloads(std::string_view text);

}  // namespace perdure::engine
