#pragma once
// Every exception that Perdure throws at users, in one header.
//
//   PerdureError                     everything below; std::runtime_error
//   ├─ FailureError                  something that crossed the wire as a Failure; has a chain of causes
//   │  ├─ ApplicationError           thrown by user code, in activities and workflows
//   │  ├─ CancelledError             a wait that was cancelled
//   │  ├─ TimeoutError               a time limit passed
//   │  ├─ TerminatedError            a run that was terminated
//   │  ├─ ServerError                a failure that the service itself made
//   │  ├─ ActivityError              an activity that failed or timed out; cause() says why
//   │  ├─ ChildWorkflowError         a child workflow that did not complete; cause() says why
//   │  └─ WorkflowAlreadyStartedError  the workflow id is taken
//   ├─ WorkflowFailureError          client: the run did not complete; cause() says why
//   ├─ WorkflowQueryFailedError      client: the query handler threw, or there is none
//   ├─ WorkflowQueryRejectedError    client: the run is not as the query asked for
//   ├─ WorkflowUpdateFailedError     client: the update was refused or failed; cause() says why
//   ├─ ContinuedAsNewError           client: the run continued as another one
//   ├─ RpcError                      client: the service refused a call
//   │  ├─ WorkflowNotFoundError
//   │  └─ WorkflowUpdateRpcTimeoutOrCancelledError
//   ├─ ReadOnlyContextError          a query handler or a validator did more than look
//   ├─ DataConversionError           a payload does not hold the type that was asked for
//   ├─ OptionsError                  an option is missing or out of range
//   └─ NondeterminismError           a replay did not follow its history
//
// Exceptions are immutable and cheap to copy; reading one from several threads is safe.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "perdure/data_conversion_error.h"
#include "perdure/payload.h"
#include "perdure/perdure_error.h"

namespace perdure {

// Which time limit passed. Values are the wire's.
enum class TimeoutType {
  kUnspecified = 0,
  kStartToClose = 1,
  kScheduleToStart = 2,
  kScheduleToClose = 3,
  kHeartbeat = 4,
};

// Why an activity is not retried any more. Values are the wire's.
enum class RetryState {
  kUnspecified = 0,
  kInProgress = 1,
  kNonRetryableFailure = 2,
  kTimeout = 3,
  kMaximumAttemptsReached = 4,
  kRetryPolicyNotSet = 5,
  kInternalServerError = 6,
  kCancelRequested = 7,
};

// What a workflow or an activity ended with. Uncaught in a workflow it fails the workflow; uncaught in an
// activity it fails the attempt.
class FailureError : public PerdureError {
 public:
  explicit FailureError(const std::string& message)
      : PerdureError(message), data_(std::make_shared<Data>()) {}

  std::string message() const { return what(); }
  // What led to this failure; null at the end of the chain.
  std::shared_ptr<const FailureError> cause() const { return data_->cause; }
  // The stack trace of the program that failed, as it wrote it; often empty.
  const std::string& stack_trace() const { return data_->stack_trace; }
  // The serialised temporal.api.failure.v1.Failure that this error was decoded from, empty if it was made
  // here. Encoding the error again gives exactly these bytes, whatever program wrote them.
  const std::string& wire() const { return data_->wire; }

  // For decoding: what came with the error.
  struct Data {
    std::shared_ptr<const FailureError> cause{};
    std::string stack_trace{};
    std::string wire{};
  };
  FailureError(const std::string& message, Data data)
      : PerdureError(message), data_(std::make_shared<Data>(std::move(data))) {}

 private:
  std::shared_ptr<const Data> data_;
};

// How an error is counted; the wire's values.
enum class ApplicationErrorCategory {
  kUnspecified = 0,
  kBenign = 1,  // expected in ordinary work: logged quietly and not counted as a failure
};

// `type` is what RetryPolicy::non_retryable_error_types is compared with.
struct ApplicationErrorOptions {
  std::string type{};
  bool non_retryable = false;                                  // true: the activity is not attempted again
  Payloads details{};                                          // see to_payload()
  std::optional<std::chrono::nanoseconds> next_retry_delay{};  // instead of the policy's next interval
  std::shared_ptr<const FailureError> cause{};
  ApplicationErrorCategory category = ApplicationErrorCategory::kUnspecified;
};

// The error that user code throws on purpose:
//   throw perdure::ApplicationError("no such account", {.type = "AccountError", .non_retryable = true});
class ApplicationError : public FailureError {
 public:
  explicit ApplicationError(const std::string& message, ApplicationErrorOptions options = {})
      : ApplicationError(message, options, Data{.cause = options.cause}) {}
  ApplicationError(const std::string& message, ApplicationErrorOptions options, Data data)
      : FailureError(message, std::move(data)),
        options_(std::make_shared<ApplicationErrorOptions>(std::move(options))) {}

  const std::string& type() const { return options_->type; }
  bool non_retryable() const { return options_->non_retryable; }
  const Payloads& details() const { return options_->details; }
  std::optional<std::chrono::nanoseconds> next_retry_delay() const { return options_->next_retry_delay; }
  ApplicationErrorCategory category() const { return options_->category; }

 private:
  std::shared_ptr<const ApplicationErrorOptions> options_;
};

// Thrown where a workflow waits when it is asked to cancel, and by waits that are cancelled one by one. An
// activity that ends cancelled throws this too, not ActivityError: one catch clause serves every wait.
class CancelledError : public FailureError {
 public:
  explicit CancelledError(const std::string& message = "Cancelled") : FailureError(message) {}
  CancelledError(const std::string& message, Payloads details, Data data)
      : FailureError(message, std::move(data)), details_(std::make_shared<Payloads>(std::move(details))) {}

  // What the activity gave when it acknowledged the cancellation.
  Payloads details() const { return details_ ? *details_ : Payloads{}; }

 private:
  std::shared_ptr<const Payloads> details_;
};

class TimeoutError : public FailureError {
 public:
  TimeoutError(const std::string& message, TimeoutType type) : FailureError(message), type_(type) {}
  TimeoutError(const std::string& message, TimeoutType type, Payloads last_heartbeat_details, Data data)
      : FailureError(message, std::move(data)),
        type_(type),
        last_heartbeat_details_(std::make_shared<Payloads>(std::move(last_heartbeat_details))) {}

  TimeoutType type() const { return type_; }
  Payloads last_heartbeat_details() const {
    return last_heartbeat_details_ ? *last_heartbeat_details_ : Payloads{};
  }

 private:
  TimeoutType type_;
  std::shared_ptr<const Payloads> last_heartbeat_details_;
};

class TerminatedError : public FailureError {
 public:
  using FailureError::FailureError;
};

class ServerError : public FailureError {
 public:
  ServerError(const std::string& message, bool non_retryable, Data data)
      : FailureError(message, std::move(data)), non_retryable_(non_retryable) {}
  bool non_retryable() const { return non_retryable_; }

 private:
  bool non_retryable_;
};

struct ActivityErrorInfo {
  std::string activity_type{};
  std::string activity_id{};
  std::string identity{};  // of the worker of the last attempt
  std::int64_t scheduled_event_id = 0;
  std::int64_t started_event_id = 0;
  RetryState retry_state = RetryState::kUnspecified;
};

// An activity that failed or timed out, after its last attempt. cause() is the ApplicationError or
// TimeoutError.
class ActivityError : public FailureError {
 public:
  ActivityError(const std::string& message, ActivityErrorInfo info, Data data)
      : FailureError(message, std::move(data)), info_(std::make_shared<ActivityErrorInfo>(std::move(info))) {}

  const std::string& activity_type() const { return info_->activity_type; }
  const std::string& activity_id() const { return info_->activity_id; }
  const std::string& identity() const { return info_->identity; }
  std::int64_t scheduled_event_id() const { return info_->scheduled_event_id; }
  std::int64_t started_event_id() const { return info_->started_event_id; }
  RetryState retry_state() const { return info_->retry_state; }

 private:
  std::shared_ptr<const ActivityErrorInfo> info_;
};

struct ChildWorkflowErrorInfo {
  std::string namespace_name{};
  std::string workflow_id{};
  std::string run_id{};
  std::string workflow_type{};
  std::int64_t initiated_event_id = 0;
  std::int64_t started_event_id = 0;
  RetryState retry_state = RetryState::kUnspecified;
};

// A child workflow that failed, timed out, was terminated or could not be started. cause() says why.
class ChildWorkflowError : public FailureError {
 public:
  ChildWorkflowError(const std::string& message, ChildWorkflowErrorInfo info, Data data)
      : FailureError(message, std::move(data)),
        info_(std::make_shared<ChildWorkflowErrorInfo>(std::move(info))) {}

  const std::string& namespace_name() const { return info_->namespace_name; }
  const std::string& workflow_id() const { return info_->workflow_id; }
  const std::string& run_id() const { return info_->run_id; }
  const std::string& workflow_type() const { return info_->workflow_type; }
  std::int64_t initiated_event_id() const { return info_->initiated_event_id; }
  std::int64_t started_event_id() const { return info_->started_event_id; }
  RetryState retry_state() const { return info_->retry_state; }

 private:
  std::shared_ptr<const ChildWorkflowErrorInfo> info_;
};

// Thrown to a client that waits for a run which failed, was cancelled, terminated or timed out.
class WorkflowFailureError : public PerdureError {
 public:
  explicit WorkflowFailureError(std::shared_ptr<const FailureError> cause)
      : PerdureError(cause ? std::string("Workflow execution failed: ") + cause->what()
                           : std::string("Workflow execution failed")),
        cause_(std::move(cause)) {}

  std::shared_ptr<const FailureError> cause() const { return cause_; }

 private:
  std::shared_ptr<const FailureError> cause_;
};

// Thrown to a client that waits for one run only, when that run continued as another.
class ContinuedAsNewError : public PerdureError {
 public:
  explicit ContinuedAsNewError(std::string new_run_id)
      : PerdureError("Workflow execution continued as new run " + new_run_id),
        new_run_id_(std::make_shared<std::string>(std::move(new_run_id))) {}

  const std::string& new_run_id() const { return *new_run_id_; }

 private:
  std::shared_ptr<const std::string> new_run_id_;
};

// The workflow id names an open run, or a closed one that the reuse policy protects. Thrown to clients, and
// in a workflow where it starts a child; run_id() is not known there.
class WorkflowAlreadyStartedError : public FailureError {
 public:
  WorkflowAlreadyStartedError(std::string workflow_id, std::string workflow_type, std::string run_id)
      : FailureError("Workflow execution already started: workflow id \"" + workflow_id +
                     (run_id.empty() ? "\"" : "\", run id \"" + run_id + "\"")),
        names_(std::make_shared<Names>(
            Names{std::move(workflow_id), std::move(workflow_type), std::move(run_id)})) {}

  const std::string& workflow_id() const { return names_->workflow_id; }
  const std::string& workflow_type() const { return names_->workflow_type; }
  const std::string& run_id() const { return names_->run_id; }

 private:
  struct Names {
    std::string workflow_id, workflow_type, run_id;
  };
  std::shared_ptr<const Names> names_;
};

// The query's handler threw, or the workflow has none of that name; the message says which.
class WorkflowQueryFailedError : public PerdureError {
 public:
  explicit WorkflowQueryFailedError(const std::string& message,
                                    std::shared_ptr<const FailureError> cause = nullptr)
      : PerdureError(message), cause_(std::move(cause)) {}

  // What the handler threw; null when the service does not tell.
  std::shared_ptr<const FailureError> cause() const { return cause_; }

 private:
  std::shared_ptr<const FailureError> cause_;
};

enum class WorkflowExecutionStatus;  // client_options.h

// The run has closed, or has failed, and QueryOptions::reject_condition asked for another.
class WorkflowQueryRejectedError : public PerdureError {
 public:
  WorkflowQueryRejectedError(WorkflowExecutionStatus status, const std::string& status_name)
      : PerdureError("Query rejected, status: " + status_name), status_(status) {}

  WorkflowExecutionStatus status() const { return status_; }

 private:
  WorkflowExecutionStatus status_;
};

// The update was refused by its validator, had no handler, or its handler threw.
class WorkflowUpdateFailedError : public PerdureError {
 public:
  explicit WorkflowUpdateFailedError(std::shared_ptr<const FailureError> cause)
      : PerdureError(cause ? std::string("Workflow update failed: ") + cause->what()
                           : std::string("Workflow update failed")),
        cause_(std::move(cause)) {}

  std::shared_ptr<const FailureError> cause() const { return cause_; }

 private:
  std::shared_ptr<const FailureError> cause_;
};

// gRPC's status codes.
enum class RpcStatusCode {
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

// The service refused a call, or could not be reached.
class RpcError : public PerdureError {
 public:
  RpcError(RpcStatusCode code, const std::string& message) : PerdureError(message), code_(code) {}
  RpcStatusCode code() const { return code_; }

 private:
  RpcStatusCode code_;
};

class WorkflowNotFoundError : public RpcError {
 public:
  explicit WorkflowNotFoundError(const std::string& message) : RpcError(RpcStatusCode::kNotFound, message) {}
};

// The wait for an update ended before the update did. The update itself may still happen.
class WorkflowUpdateRpcTimeoutOrCancelledError : public RpcError {
 public:
  using RpcError::RpcError;
};

// Code that must only look did more: a query handler, or the validator of an update. What they may not do
// would be lost, or would not be in a replay.
class ReadOnlyContextError : public PerdureError {
 public:
  using PerdureError::PerdureError;
};

// An option is missing or has a value that cannot work. Thrown at the call, before anything is sent.
class OptionsError : public PerdureError {
 public:
  using PerdureError::PerdureError;
};

// Thrown by activity::complete_async(): the attempt goes on without its function. Let it pass.
class CompleteAsyncError : public PerdureError {
 public:
  CompleteAsyncError() : PerdureError("the activity is completed from elsewhere") {}
};

// A replay did not do what the history says. what() names the event, what the history holds, what the code
// did.
class NondeterminismError : public PerdureError {
 public:
  using PerdureError::PerdureError;
};

// True when `error` means that something was cancelled, directly or at any depth of its causes.
inline bool is_cancelled(const std::exception& error) {
  const auto* failure = dynamic_cast<const FailureError*>(&error);
  while (failure != nullptr) {
    if (dynamic_cast<const CancelledError*>(failure) != nullptr) {
      return true;
    }
    failure = failure->cause().get();
  }
  return false;
}

}  // namespace perdure
