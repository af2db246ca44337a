#pragma once
// A warning before the limit: values that are large, but not yet too large, are usually a mistake that grows.
#include <google/protobuf/message.h>

#include <optional>
#include <string_view>

#include "perdure/logger.h"

namespace perdure::client {

// A line about the largest payload of `request`, if that is larger than limits::kBlobWarn. Thread-safe.
std::optional<LogRecord> large_payload(std::string_view method, const google::protobuf::Message& request);

}  // namespace perdure::client
