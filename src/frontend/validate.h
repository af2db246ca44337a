#pragma once
// Checks of requests, with the codes and texts of Temporal's frontend (service/frontend/workflow_handler.go,
// errors.go and the validators it calls). Some of them also fill in a default, as there.
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/message_lite.h>

#include <string>
#include <string_view>

#include "base/status.h"
#include "temporal/api/common/v1/message.pb.h"
#include "temporal/api/failure/v1/message.pb.h"
#include "temporal/api/taskqueue/v1/message.pb.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::frontend {

namespace wire = temporal::api::workflowservice::v1;

// Everything about a start but its namespace; fills in the defaults of policies, queue kind and retry policy.
Status validate_start(wire::StartWorkflowExecutionRequest& request);
// A start that comes with a signal: `request` as a start, with the same checks in another order, and its own
// default for a running workflow. A request id is not filled in.
Status validate_signal_with_start(const wire::SignalWithStartWorkflowExecutionRequest& request,
                                  wire::StartWorkflowExecutionRequest& start);
Status validate_signal(const wire::SignalWorkflowExecutionRequest& request);

Status validate_execution(bool present, const temporal::api::common::v1::WorkflowExecution& execution);
// Name rules; fills in the kind.
Status validate_task_queue(bool present, temporal::api::taskqueue::v1::TaskQueue* task_queue);
Status validate_retry_policy(const temporal::api::common::v1::RetryPolicy& policy);
Status validate_identity(std::string_view identity);
// The failure that an activity reports: an ApplicationFailureInfo, delays that are durations.
Status validate_activity_failure(const temporal::api::failure::v1::Failure& failure);

// "negative duration" and the like, or empty; durations over a hundred years are cut to that.
std::string duration_problem(google::protobuf::Duration* duration);
// Over the limit for one payload.
bool is_oversize(const google::protobuf::MessageLite& message);
// The most important parts of a failure, at most about `bytes`.
temporal::api::failure::v1::Failure truncated(const temporal::api::failure::v1::Failure& failure,
                                              std::size_t bytes);

}  // namespace perdure::frontend
