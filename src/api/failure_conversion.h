#pragma once
// Between the exceptions of perdure/error.h and the wire's Failure.
#include <exception>
#include <memory>
#include <string>

#include "perdure/error.h"
#include "perdure/retry_policy.h"
#include "temporal/api/common/v1/message.pb.h"
#include "temporal/api/failure/v1/message.pb.h"

namespace perdure::api {

// The exception that stands for `failure`, of its most derived type, with its chain of causes.
std::exception_ptr failure_to_exception(const temporal::api::failure::v1::Failure& failure);
// The same as an object to keep, e.g. as another error's cause.
std::shared_ptr<const FailureError> failure_to_error(const temporal::api::failure::v1::Failure& failure);

// What is written for an exception that left user code. An error that came from the wire is written back as
// it came. An exception that is not a FailureError becomes an application failure whose type is the
// exception's class name without namespaces, as in Temporal's Python SDK. std::throw_with_nested makes the
// nested exception the cause.
temporal::api::failure::v1::Failure exception_to_failure(const std::exception_ptr& exception);

// The class name of what `exception` holds, without namespaces; "unknown" for what is not a std::exception.
std::string exception_type(const std::exception_ptr& exception);

void set_retry_policy(temporal::api::common::v1::RetryPolicy* out, const RetryPolicy& policy);
RetryPolicy retry_policy_from_proto(const temporal::api::common::v1::RetryPolicy& policy);

}  // namespace perdure::api
