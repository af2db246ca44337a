#pragma once
// Between the wire's types and base's.
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/message_lite.h>
#include <google/protobuf/timestamp.pb.h>

#include <string>
#include <string_view>

#include "base/status.h"
#include "base/time.h"
#include "temporal/api/failure/v1/message.pb.h"

namespace perdure::api {

void set_timestamp(google::protobuf::Timestamp* out, Timestamp time);
Timestamp from_proto(const google::protobuf::Timestamp& time);
void set_duration(google::protobuf::Duration* out, Duration duration);
// Saturates at the range of Duration (292 years); the wire allows more.
Duration from_proto(const google::protobuf::Duration& duration);

// The same message always gives the same bytes; protobuf's default order of map entries depends on addresses.
std::string serialize(const google::protobuf::MessageLite& message);
void append_serialized(const google::protobuf::MessageLite& message, std::string* out);

// A status with one detail of temporal.api.errordetails.v1.
template <class Detail>
Status with_detail(Code code, std::string message, const Detail& detail) {
  return Status(code, std::move(message), std::string(Detail::descriptor()->full_name()), serialize(detail));
}

// A failure as Temporal's server makes it: source "Server", with a ServerFailureInfo.
temporal::api::failure::v1::Failure server_failure(std::string_view message, bool non_retryable);
// source "Server", with a TimeoutFailureInfo of the given enums.TimeoutType and text.
temporal::api::failure::v1::Failure timeout_failure(std::string_view message, int timeout_type);

}  // namespace perdure::api
