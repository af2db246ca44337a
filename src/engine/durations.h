#pragma once
// Durations from the wire: Temporal's validation, and nanoseconds for arithmetic.
#include <google/protobuf/duration.pb.h>

#include <cstdint>

#include "api/convert.h"
#include "base/time.h"

namespace perdure::engine {

// Null: `duration` is valid, and was capped at 100 years. Else why not, in Temporal's words.
inline const char* validate_and_cap(google::protobuf::Duration* duration) {
  constexpr std::int64_t kMaxSeconds = std::int64_t{100} * 365 * 24 * 3600;
  if ((duration->seconds() > 0 && duration->nanos() < 0) ||
      (duration->seconds() < 0 && duration->nanos() > 0)) {
    return "duration has seconds and nanos with different signs";
  }
  if (duration->seconds() < 0 || duration->nanos() < 0) {
    return "negative duration";
  }
  if (duration->seconds() > kMaxSeconds || (duration->seconds() == kMaxSeconds && duration->nanos() > 0)) {
    duration->set_seconds(kMaxSeconds);
    duration->set_nanos(0);
  }
  return nullptr;
}

inline std::int64_t nanos(const google::protobuf::Duration& duration) {
  return api::from_proto(duration).count();
}
inline void set_nanos(google::protobuf::Duration* out, std::int64_t value) {
  api::set_duration(out, Duration(value));
}
inline void set_time(google::protobuf::Timestamp* out, std::int64_t value) {
  api::set_timestamp(out, Timestamp{value});
}

}  // namespace perdure::engine
