#include "frontend/validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "api/convert.h"
#include "base/limits.h"
#include "base/uuid.h"
#include "engine/cron.h"

namespace perdure::frontend {
namespace {

namespace common = temporal::api::common::v1;
namespace enums = temporal::api::enums::v1;
using temporal::api::failure::v1::Failure;

// Deprecated, and so named by number: its generated name cannot be used without a warning.
constexpr auto kTerminateIfRunning = static_cast<enums::WorkflowIdReusePolicy>(4);
constexpr std::int64_t kHundredYears = std::int64_t{100} * 365 * 24 * 3600;  // seconds
constexpr std::string_view kReservedQueuePrefix = "/_sys/";
constexpr std::string_view kInternalQueue = "temporal-sys-per-ns-tq";
constexpr std::string_view kTimeoutType = "TemporalTimeout:";

Status unimplemented(std::string_view what) {
  return Status(Code::kUnimplemented, fmt::format("{} not implemented by this version of Perdure", what));
}

Status validate_timeouts(wire::StartWorkflowExecutionRequest& request) {
  struct Timeout {
    bool present;
    google::protobuf::Duration* (wire::StartWorkflowExecutionRequest::*field)();
    std::string_view name;
  };
  const Timeout timeouts[] = {
      {request.has_workflow_execution_timeout(),
       &wire::StartWorkflowExecutionRequest::mutable_workflow_execution_timeout,
       "WorkflowExecutionTimeoutSeconds"},
      {request.has_workflow_run_timeout(), &wire::StartWorkflowExecutionRequest::mutable_workflow_run_timeout,
       "WorkflowRunTimeoutSeconds"},
      {request.has_workflow_task_timeout(),
       &wire::StartWorkflowExecutionRequest::mutable_workflow_task_timeout, "WorkflowTaskTimeoutSeconds"},
  };
  for (const Timeout& timeout : timeouts) {
    if (!timeout.present) {
      continue;
    }
    if (const std::string problem = duration_problem((request.*timeout.field)()); !problem.empty()) {
      return invalid_argument(
          fmt::format("An invalid {} is set on request. cause: {}", timeout.name, problem));
    }
  }
  return {};
}

void fill_retry_defaults(common::RetryPolicy* policy) {
  const auto is_zero = [](const google::protobuf::Duration& duration) {
    return duration.seconds() == 0 && duration.nanos() == 0;
  };
  if (is_zero(policy->initial_interval())) {
    policy->mutable_initial_interval()->set_seconds(1);
  }
  if (is_zero(policy->maximum_interval())) {
    const Duration initial = api::from_proto(policy->initial_interval());
    const Duration most = std::chrono::seconds(kHundredYears) / 100;
    api::set_duration(policy->mutable_maximum_interval(), std::clamp(initial, Duration::zero(), most) * 100);
  }
  if (policy->backoff_coefficient() == 0) {
    policy->set_backoff_coefficient(2.0);
  }
}

void fill_id_policies(wire::StartWorkflowExecutionRequest& request,
                      enums::WorkflowIdConflictPolicy conflict = enums::WORKFLOW_ID_CONFLICT_POLICY_FAIL) {
  if (request.workflow_id_conflict_policy() == enums::WORKFLOW_ID_CONFLICT_POLICY_UNSPECIFIED) {
    const bool terminates = request.workflow_id_reuse_policy() == kTerminateIfRunning;
    request.set_workflow_id_conflict_policy(terminates ? enums::WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING
                                                       : conflict);
    if (terminates) {
      request.set_workflow_id_reuse_policy(enums::WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE);
    }
  }
  if (request.workflow_id_reuse_policy() == enums::WORKFLOW_ID_REUSE_POLICY_UNSPECIFIED) {
    request.set_workflow_id_reuse_policy(enums::WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE);
  }
}

Status validate_id_policies(const wire::StartWorkflowExecutionRequest& request) {
  if (request.workflow_id_reuse_policy() == kTerminateIfRunning) {
    return invalid_argument(
        "Invalid WorkflowIDReusePolicy: WORKFLOW_ID_REUSE_POLICY_TERMINATE_IF_RUNNING cannot be used "
        "together with a "
        "WorkflowIDConflictPolicy");
  }
  if (request.workflow_id_conflict_policy() == enums::WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING &&
      request.workflow_id_reuse_policy() == enums::WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE) {
    return invalid_argument(
        "Invalid WorkflowIDReusePolicy: WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE cannot be used together "
        "with "
        "WorkflowIdConflictPolicy WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING");
  }
  return {};
}

// What a start may ask for in the API but not of this version.
Status validate_supported(const wire::StartWorkflowExecutionRequest& request) {
  if (request.has_time_skipping_config()) {
    return Status(Code::kUnimplemented, "The Time-Skipping feature is not enabled for namespace.");
  }
  if (!request.completion_callbacks().empty()) {
    return unimplemented("CompletionCallbacks are");
  }
  if (request.has_versioning_override()) {
    return unimplemented("VersioningOverride is");
  }
  const auto& on_conflict = request.on_conflict_options();
  if (on_conflict.attach_request_id() || on_conflict.attach_completion_callbacks() ||
      on_conflict.attach_links()) {
    return unimplemented("OnConflictOptions are");
  }
  return {};
}

Status validate_delay(wire::StartWorkflowExecutionRequest& request) {
  if (!request.has_workflow_start_delay()) {
    return {};
  }
  if (!request.cron_schedule().empty()) {
    return invalid_argument("CronSchedule and WorkflowStartDelay may not be used together.");
  }
  const std::string problem = duration_problem(request.mutable_workflow_start_delay());
  return problem.empty()
             ? Status()
             : invalid_argument("An invalid WorkflowStartDelaySeconds is set on request. cause: " + problem);
}

Status validate_queue_name(const std::string& name, bool user_defined) {
  if (name.size() > limits::kIdLength) {
    return invalid_argument("taskQueue length exceeds limit");
  }
  if (user_defined && name.starts_with(kReservedQueuePrefix)) {
    return invalid_argument(
        fmt::format("task queue name cannot start with reserved prefix {}", kReservedQueuePrefix));
  }
  return {};
}

Status validate_workflow_id(std::string_view id) {
  if (id.empty()) {
    return invalid_argument("WorkflowId is not set on request.");
  }
  if (id.size() > limits::kIdLength) {
    return invalid_argument(
        fmt::format("WorkflowId exceeds maximum allowed length ({}/{})", id.size(), limits::kIdLength));
  }
  return {};
}

Status validate_workflow_type(const std::string& name) {
  if (name.empty()) {
    return invalid_argument("WorkflowType is not set on request.");
  }
  return name.size() > limits::kIdLength ? invalid_argument("WorkflowType length exceeds limit.") : Status();
}

Status validate_request_id(const std::string& id) {
  return id.size() > limits::kIdLength ? invalid_argument("RequestId length exceeds limit.") : Status();
}

Status validate_cron(const std::string& schedule) {
  const engine::CronProblem problem =
      schedule.empty() ? engine::CronProblem::kNone : engine::check_cron(schedule);
  switch (problem) {
    case engine::CronProblem::kNone:
      return {};
    case engine::CronProblem::kOtherTimeZone:
      return Status(Code::kUnimplemented, engine::cron_problem_text(problem));
    default:
      return invalid_argument(engine::cron_problem_text(problem));
  }
}

Status validate_start_sizes(const wire::StartWorkflowExecutionRequest& request) {
  if (is_oversize(request.input())) {
    return invalid_argument("Blob data size exceeds limit.");
  }
  if (request.memo().ByteSizeLong() > limits::kMemoError) {
    return invalid_argument("Memo size exceeds limit.");
  }
  return {};
}

std::string take_utf8(const std::string& text, std::size_t* budget) {
  std::size_t length = std::min(text.size(), *budget);
  while (length < text.size() && length > 0 && (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80) {
    --length;
  }
  const std::size_t overhead = length == 0 ? 0 : 4;  // of the field on the wire
  *budget -= std::min(*budget, length + overhead);
  return text.substr(0, length);
}

void truncate_into(const Failure& failure, std::size_t budget, int depth, Failure* out) {
  if (failure.has_application_failure_info()) {
    auto* info = out->mutable_application_failure_info();
    info->set_non_retryable(failure.application_failure_info().non_retryable());
    info->set_type(take_utf8(failure.application_failure_info().type(), &budget));
  } else if (failure.has_server_failure_info()) {
    out->mutable_server_failure_info()->set_non_retryable(failure.server_failure_info().non_retryable());
  }
  out->set_source(take_utf8(failure.source(), &budget));
  out->set_message(take_utf8(failure.message(), &budget));
  out->set_stack_trace(take_utf8(failure.stack_trace(), &budget));
  if (failure.has_cause() && budget > 4 && depth > 0) {
    truncate_into(failure.cause(), budget - 4, depth - 1, out->mutable_cause());
  }
}

}  // namespace

std::string duration_problem(google::protobuf::Duration* duration) {
  if ((duration->seconds() > 0 && duration->nanos() < 0) ||
      (duration->seconds() < 0 && duration->nanos() > 0)) {
    return "duration has seconds and nanos with different signs";
  }
  if (duration->seconds() < 0 || duration->nanos() < 0) {
    return "negative duration";
  }
  if (duration->seconds() >= kHundredYears) {
    duration->set_seconds(kHundredYears);
    duration->set_nanos(0);
  }
  return {};
}

bool is_oversize(const google::protobuf::MessageLite& message) {
  return message.ByteSizeLong() > limits::kBlobError;
}

Failure truncated(const Failure& failure, std::size_t bytes) {
  constexpr int kDeepestCause = 20;
  Failure out;
  truncate_into(failure, bytes, kDeepestCause, &out);
  return out;
}

Status validate_identity(std::string_view identity) {
  return identity.size() > limits::kIdLength ? invalid_argument("Identity length exceeds limit.") : Status();
}

Status validate_execution(bool present, const common::WorkflowExecution& execution) {
  if (!present) {
    return invalid_argument("Execution is not set on request.");
  }
  if (execution.workflow_id().empty()) {
    return invalid_argument("WorkflowId is not set on request.");
  }
  if (!execution.run_id().empty() && !is_uuid(execution.run_id())) {
    return invalid_argument("Invalid RunId.");
  }
  return {};
}

Status validate_task_queue(bool present, temporal::api::taskqueue::v1::TaskQueue* task_queue) {
  if (!present) {
    return invalid_argument("taskQueue is not set");
  }
  if (task_queue->kind() == enums::TASK_QUEUE_KIND_UNSPECIFIED) {
    task_queue->set_kind(enums::TASK_QUEUE_KIND_NORMAL);
  }
  if (task_queue->name().empty()) {
    return invalid_argument("missing task queue name");
  }
  if (Status status = validate_queue_name(task_queue->name(), true); !status.ok()) {
    return status;
  }
  if (task_queue->kind() == enums::TASK_QUEUE_KIND_STICKY) {
    return validate_queue_name(task_queue->normal_name(), false);
  }
  return {};
}

Status validate_retry_policy(const common::RetryPolicy& policy) {
  if (policy.maximum_attempts() == 1) {
    return {};  // never retried: the rest means nothing
  }
  auto initial = policy.initial_interval();
  if (const std::string problem = duration_problem(&initial); !problem.empty()) {
    return invalid_argument("invalid InitialInterval set on retry policy: " + problem);
  }
  if (!(policy.backoff_coefficient() >= 1)) {
    return invalid_argument("BackoffCoefficient cannot be less than 1 on retry policy.");
  }
  auto maximum = policy.maximum_interval();
  if (const std::string problem = duration_problem(&maximum); !problem.empty()) {
    return invalid_argument("invalid MaximumInterval set on retry policy: " + problem);
  }
  const Duration most = api::from_proto(maximum);
  if (most > Duration::zero() && most < api::from_proto(initial)) {
    return invalid_argument("MaximumInterval cannot be less than InitialInterval on retry policy.");
  }
  if (policy.maximum_attempts() < 0) {
    return invalid_argument("MaximumAttempts cannot be negative on retry policy.");
  }
  for (const std::string& type : policy.non_retryable_error_types()) {
    if (!type.starts_with(kTimeoutType)) {
      continue;
    }
    const std::string_view timeout = std::string_view(type).substr(kTimeoutType.size());
    constexpr std::string_view kTypes[] = {"StartToClose", "ScheduleToStart", "ScheduleToClose", "Heartbeat"};
    if (std::find(std::begin(kTypes), std::end(kTypes), timeout) == std::end(kTypes)) {
      return invalid_argument(fmt::format("Invalid timeout type value: {}.", timeout));
    }
  }
  return {};
}

Status validate_activity_failure(const Failure& failure) {
  if (!failure.has_application_failure_info()) {
    return invalid_argument("Failure must have ApplicationFailureInfo.");
  }
  for (const Failure* cause = &failure;; cause = &cause->cause()) {
    if (cause->application_failure_info().has_next_retry_delay()) {
      auto delay = cause->application_failure_info().next_retry_delay();
      const bool mixed =
          (delay.seconds() > 0 && delay.nanos() < 0) || (delay.seconds() < 0 && delay.nanos() > 0);
      if (mixed || delay.nanos() > 999'999'999 || delay.nanos() < -999'999'999) {
        return invalid_argument("NextRetryDelay is not a valid duration: seconds " +
                                std::to_string(delay.seconds()) + ", nanos " + std::to_string(delay.nanos()));
      }
    }
    if (!cause->has_cause()) {
      return {};
    }
  }
}

Status validate_start(wire::StartWorkflowExecutionRequest& request) {
  fill_id_policies(request);
  if (request.has_retry_policy()) {
    fill_retry_defaults(request.mutable_retry_policy());
  }
  const bool has_queue = request.has_task_queue();
  for (const Status& status :
       {validate_workflow_id(request.workflow_id()),
        request.has_retry_policy() ? validate_retry_policy(request.retry_policy()) : Status(),
        validate_delay(request), validate_cron(request.cron_schedule()),
        validate_workflow_type(request.workflow_type().name()),
        validate_task_queue(has_queue, request.mutable_task_queue()),
        request.task_queue().name() == kInternalQueue
            ? invalid_argument("cannot use internal per-namespace task queue")
            : Status(),
        validate_timeouts(request), validate_request_id(request.request_id()), validate_id_policies(request),
        validate_start_sizes(request), validate_supported(request)}) {
    if (!status.ok()) {
      return status;
    }
  }
  return {};
}

Status validate_signal_with_start(const wire::SignalWithStartWorkflowExecutionRequest& request,
                                  wire::StartWorkflowExecutionRequest& start) {
  const auto too_long = [](std::string_view what, std::size_t length) {
    return length <= limits::kIdLength
               ? Status()
               : invalid_argument(fmt::format("{} exceeds maximum allowed length ({}/{})", what, length,
                                              limits::kIdLength));
  };
  const bool has_queue = start.has_task_queue();
  for (const Status& status :
       {validate_cron(start.cron_schedule()), validate_workflow_id(start.workflow_id()),
        request.signal_name().empty() ? invalid_argument("signal not set") : Status(),
        too_long("signal name", request.signal_name().size()),
        start.workflow_type().name().empty() ? invalid_argument("workflow type not set") : Status(),
        too_long("workflow type name", start.workflow_type().name().size()),
        validate_task_queue(has_queue, start.mutable_task_queue()),
        too_long("Request ID", start.request_id().size()), validate_timeouts(start)}) {
    if (!status.ok()) {
      return status;
    }
  }
  if (start.has_retry_policy()) {
    fill_retry_defaults(start.mutable_retry_policy());
  }
  const bool conflict_given =
      start.workflow_id_conflict_policy() != enums::WORKFLOW_ID_CONFLICT_POLICY_UNSPECIFIED;
  for (const Status& status :
       {start.has_retry_policy() ? validate_retry_policy(start.retry_policy()) : Status(),
        validate_delay(start), conflict_given ? validate_id_policies(start) : Status(),
        start.workflow_id_conflict_policy() == enums::WORKFLOW_ID_CONFLICT_POLICY_FAIL
            ? invalid_argument("Invalid WorkflowIDConflictPolicy: WORKFLOW_ID_CONFLICT_POLICY_FAIL is not "
                               "supported for this operation.")
            : Status(),
        validate_start_sizes(start),
        is_oversize(request.signal_input()) ? invalid_argument("Blob data size exceeds limit.") : Status(),
        validate_supported(start)}) {
    if (!status.ok()) {
      return status;
    }
  }
  fill_id_policies(start, enums::WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING);
  return {};
}

Status validate_signal(const wire::SignalWorkflowExecutionRequest& request) {
  if (Status status = validate_execution(request.has_workflow_execution(), request.workflow_execution());
      !status.ok()) {
    return status;
  }
  if (request.signal_name().empty()) {
    return invalid_argument("SignalName is not set on request.");
  }
  if (request.signal_name().size() > limits::kIdLength) {
    return invalid_argument("SignalName length exceeds limit.");
  }
  if (Status status = validate_request_id(request.request_id()); !status.ok()) {
    return status;
  }
  return is_oversize(request.input()) ? invalid_argument("Blob data size exceeds limit.") : Status();
}

}  // namespace perdure::frontend
