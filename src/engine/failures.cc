#include "engine/failures.h"

#include <fmt/format.h>

#include <cstdint>

#include "base/limits.h"

namespace perdure::engine {

namespace {

constexpr int kTruncateDepth = 20;
constexpr const char* kFailureTooLarge = "Failure exceeds size limit.";

class Budget {
 public:
  explicit Budget(std::int64_t bytes) : left_(bytes) {}
  std::int64_t left() const { return left_; }
  void spend(std::int64_t bytes) { left_ -= bytes; }

  // As much of `text` as there is room for, never half a character.
  std::string take(const std::string& text) {
    std::size_t size = std::min<std::size_t>(text.size(), left_ > 0 ? static_cast<std::size_t>(left_) : 0);
    while (size > 0 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) {
      --size;
    }
    left_ -= static_cast<std::int64_t>(size);
    if (size != 0) {
      left_ -= 4;  // tag and length
    }
    return text.substr(0, size);
  }

 private:
  std::int64_t left_;
};

failure::Failure truncate(const failure::Failure& from, std::int64_t max_bytes, int depth) {
  Budget budget(max_bytes);
  failure::Failure result;
  if (from.has_application_failure_info()) {
    auto* info = result.mutable_application_failure_info();
    info->set_non_retryable(from.application_failure_info().non_retryable());
    info->set_type(budget.take(from.application_failure_info().type()));
    budget.spend(8);
  } else if (from.has_server_failure_info()) {
    result.mutable_server_failure_info()->set_non_retryable(from.server_failure_info().non_retryable());
    budget.spend(4);
  }
  result.set_source(budget.take(from.source()));
  result.set_message(budget.take(from.message()));
  result.set_stack_trace(budget.take(from.stack_trace()));
  if (from.has_cause() && budget.left() > 4 && depth > 0) {
    *result.mutable_cause() = truncate(from.cause(), budget.left() - 4, depth - 1);
  }
  return result;
}

failure::Failure too_large(const failure::Failure& from, bool non_retryable, std::size_t max_bytes) {
  failure::Failure result = make_server_failure(kFailureTooLarge, non_retryable);
  *result.mutable_cause() = truncate_failure(from, max_bytes);
  return result;
}

std::string json_string(std::string_view text) {
  std::string json = "\"";
  for (char c : text) {
    switch (c) {
      case '"':
        json += "\\\"";
        break;
      case '\\':
        json += "\\\\";
        break;
      case '\n':
        json += "\\n";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          json += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        } else {
          json += c;
        }
    }
  }
  return json + "\"";
}

}  // namespace

failure::Failure make_server_failure(std::string_view message, bool non_retryable) {
  failure::Failure result;
  result.set_message(std::string(message));
  result.mutable_server_failure_info()->set_non_retryable(non_retryable);
  return result;
}

failure::Failure make_timeout_failure(std::string_view message, enums::TimeoutType type) {
  failure::Failure result;
  result.set_message(std::string(message));
  result.set_source("Server");
  result.mutable_timeout_failure_info()->set_timeout_type(type);
  return result;
}

failure::Failure truncate_failure(const failure::Failure& failure, std::size_t max_bytes) {
  return truncate(failure, static_cast<std::int64_t>(max_bytes), kTruncateDepth);
}

failure::Failure bounded_failure(const failure::Failure& failure) {
  if (failure.ByteSizeLong() <= limits::kBlobError) {
    return failure;
  }
  return too_large(failure, true, limits::kBlobWarn);
}

failure::Failure stored_activity_failure(const failure::Failure& failure) {
  if (failure.ByteSizeLong() <= limits::kStoredActivityFailure) {
    return failure;
  }
  return too_large(failure, false, limits::kStoredActivityFailure);
}

common::Payloads text_payloads(std::string_view text) {
  common::Payloads payloads;
  common::Payload* payload = payloads.add_payloads();
  (*payload->mutable_metadata())["encoding"] = "json/plain";
  payload->set_data(json_string(text));
  return payloads;
}

}  // namespace perdure::engine
