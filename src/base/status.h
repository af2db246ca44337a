#pragma once
// What an operation below the SDK returns when the request or the environment is at fault. Codes are gRPC's, one to
// one, so that a transport adapter copies them.
#include <optional>
#include <string>
#include <utility>

#include "base/check.h"

namespace perdure {

enum class Code : int {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

// gRPC's spelling, e.g. "NOT_FOUND".
const char* code_name(Code code);

// `message` says what was wrong, with which value, and what to do; where Temporal has a text, it is Temporal's.
// `detail_type` / `detail` carry one google.rpc.Status detail: a full message name of temporal.api.errordetails.v1
// and its serialised bytes. Both empty: none.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}
  Status(Code code, std::string message, std::string detail_type, std::string detail)
      : code_(code),
        message_(std::move(message)),
        detail_type_(std::move(detail_type)),
        detail_(std::move(detail)) {}

  bool ok() const { return code_ == Code::kOk; }
  Code code() const { return code_; }
  const std::string& message() const { return message_; }
  const std::string& detail_type() const { return detail_type_; }
  const std::string& detail() const { return detail_; }
  // "NOT_FOUND: workflow execution not found"
  std::string to_string() const;

 private:
  Code code_ = Code::kOk;
  std::string message_;
  std::string detail_type_;
  std::string detail_;
};

Status invalid_argument(std::string message);
Status not_found(std::string message);
Status failed_precondition(std::string message);
Status internal_error(std::string message);
Status unavailable(std::string message);
Status data_loss(std::string message);

// A value or the Status that says why there is none. Reading the value of a failed Result is a CheckFailure.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Status status) : status_(std::move(status)) {
    check(!status_.ok(), "a Result without a value needs an error");
  }

  bool ok() const { return value_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Status& status() const { return status_; }
  T& value() & {
    check(ok(), "Result::value() of an error");
    return *value_;
  }
  const T& value() const& {
    check(ok(), "Result::value() of an error");
    return *value_;
  }
  T&& value() && {
    check(ok(), "Result::value() of an error");
    return std::move(*value_);
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace perdure
