#include "api/convert.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <limits>

namespace perdure::api {
namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

}  // namespace

void set_timestamp(google::protobuf::Timestamp* out, Timestamp time) {
  std::int64_t seconds = time.nanos / kNanosPerSecond;
  std::int64_t nanos = time.nanos % kNanosPerSecond;
  if (nanos < 0) {
    nanos += kNanosPerSecond;
    --seconds;
  }
  out->set_seconds(seconds);
  out->set_nanos(static_cast<std::int32_t>(nanos));
}

Timestamp from_proto(const google::protobuf::Timestamp& time) {
  return {time.seconds() * kNanosPerSecond + time.nanos()};
}

void set_duration(google::protobuf::Duration* out, Duration duration) {
  out->set_seconds(duration.count() / kNanosPerSecond);
  out->set_nanos(static_cast<std::int32_t>(duration.count() % kNanosPerSecond));
}

Duration from_proto(const google::protobuf::Duration& duration) {
  constexpr std::int64_t kMaxSeconds = std::numeric_limits<std::int64_t>::max() / kNanosPerSecond - 1;
  if (duration.seconds() > kMaxSeconds) {
    return Duration(kMaxSeconds * kNanosPerSecond);
  }
  if (duration.seconds() < -kMaxSeconds) {
    return Duration(-kMaxSeconds * kNanosPerSecond);
  }
  return Duration(duration.seconds() * kNanosPerSecond + duration.nanos());
}

void append_serialized(const google::protobuf::MessageLite& message, std::string* out) {
  const std::size_t size = message.ByteSizeLong();  // also remembers the sizes of the parts
  const std::size_t before = out->size();
  out->resize(before + size);
  google::protobuf::io::ArrayOutputStream stream(out->data() + before, static_cast<int>(size));
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeWithCachedSizes(&coded);
}

std::string serialize(const google::protobuf::MessageLite& message) {
  std::string bytes;
  append_serialized(message, &bytes);
  return bytes;
}

temporal::api::failure::v1::Failure server_failure(std::string_view message, bool non_retryable) {
  temporal::api::failure::v1::Failure failure;
  failure.set_message(std::string(message));
  failure.set_source("Server");
  failure.mutable_server_failure_info()->set_non_retryable(non_retryable);
  return failure;
}

temporal::api::failure::v1::Failure timeout_failure(std::string_view message, int timeout_type) {
  temporal::api::failure::v1::Failure failure;
  failure.set_message(std::string(message));
  failure.set_source("Server");
  failure.mutable_timeout_failure_info()->set_timeout_type(
      static_cast<temporal::api::enums::v1::TimeoutType>(timeout_type));
  return failure;
}

}  // namespace perdure::api
