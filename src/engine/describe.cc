// DescribeWorkflowExecution from a run's state, as Temporal's api/describeworkflow and
// GetPendingActivityInfo.
#include "engine/durations.h"
#include "engine/engine.h"
#include "engine/execution.h"
#include "engine/names.h"

namespace perdure::engine {

namespace {

using Activity = state::ActivityState;
constexpr std::int64_t kNoTime = -62'135'596'800;  // 0001-01-01, Go's zero time, in seconds since 1970
namespace workflow = temporal::api::workflow::v1;

enums::PendingActivityState pending_state(const Activity& activity) {
  if (activity.cancel_requested_event_id() != 0) {
    return enums::PENDING_ACTIVITY_STATE_CANCEL_REQUESTED;
  }
  return activity.phase() == Activity::PHASE_STARTED ? enums::PENDING_ACTIVITY_STATE_STARTED
                                                     : enums::PENDING_ACTIVITY_STATE_SCHEDULED;
}

void fill_options(const Activity& activity, temporal::api::activity::v1::ActivityOptions* options) {
  options->mutable_task_queue()->set_name(activity.task_queue());
  options->mutable_task_queue()->set_normal_name(activity.task_queue());
  set_nanos(options->mutable_schedule_to_close_timeout(), activity.schedule_to_close_timeout());
  set_nanos(options->mutable_schedule_to_start_timeout(), activity.schedule_to_start_timeout());
  set_nanos(options->mutable_start_to_close_timeout(), activity.start_to_close_timeout());
  set_nanos(options->mutable_heartbeat_timeout(), activity.heartbeat_timeout());
  *options->mutable_retry_policy() = activity.retry_policy();
  options->mutable_retry_policy()->clear_non_retryable_error_types();
  if (activity.has_priority()) {
    *options->mutable_priority() = activity.priority();
  }
}

void fill_attempt(const Activity& activity, Timestamp now, workflow::PendingActivityInfo* info) {
  if (activity.last_attempt_complete_time() != 0) {
    set_time(info->mutable_last_attempt_complete_time(), activity.last_attempt_complete_time());
  }
  info->set_attempt(activity.attempt());
  info->set_maximum_attempts(activity.retry_policy().maximum_attempts());
  if (info->state() == enums::PENDING_ACTIVITY_STATE_SCHEDULED &&
      now < Timestamp{activity.scheduled_time()}) {
    set_time(info->mutable_next_attempt_schedule_time(), activity.scheduled_time());
    set_nanos(info->mutable_current_retry_interval(),
              activity.scheduled_time() - activity.last_attempt_complete_time());
  }
  if (activity.schedule_to_close_timeout() > 0) {
    set_time(info->mutable_expiration_time(),
             activity.first_scheduled_time() + activity.schedule_to_close_timeout());
  }
  if (activity.has_last_failure()) {
    *info->mutable_last_failure() = activity.last_failure();
  }
  info->set_last_worker_identity(activity.identity().empty() ? activity.last_worker_identity()
                                                             : activity.identity());
}

void fill_pending_activity(const Activity& activity, Timestamp now, workflow::PendingActivityInfo* info) {
  info->set_activity_id(activity.activity_id());
  info->mutable_activity_type()->set_name(activity.activity_type());
  info->set_state(pending_state(activity));
  if (activity.last_heartbeat_time() != 0) {
    set_time(info->mutable_last_heartbeat_time(), activity.last_heartbeat_time());
    if (activity.has_heartbeat_details()) {
      *info->mutable_heartbeat_details() = activity.heartbeat_details();
    }
  }
  set_time(info->mutable_scheduled_time(), activity.scheduled_time());
  if (activity.started_time() != 0) {
    set_time(info->mutable_last_started_time(), activity.started_time());
  }
  fill_attempt(activity, now, info);
  if (activity.has_priority()) {
    *info->mutable_priority() = activity.priority();
  }
  fill_options(activity, info->mutable_activity_options());
}

void fill_pending_child(const state::ChildState& child, std::int64_t initiated_event_id,
                        workflow::PendingChildExecutionInfo* info) {
  info->set_workflow_id(child.workflow_id());
  info->set_run_id(child.run_id());
  info->set_workflow_type_name(child.workflow_type());
  info->set_initiated_id(initiated_event_id);
  info->set_parent_close_policy(child.parent_close_policy());
}

void fill_config(const state::ExecutionState& from, workflow::WorkflowExecutionConfig* config) {
  config->mutable_task_queue()->set_name(from.task_queue());
  config->mutable_task_queue()->set_kind(enums::TASK_QUEUE_KIND_NORMAL);
  if (from.execution_timeout_given() || from.execution_timeout() > 0) {
    set_nanos(config->mutable_workflow_execution_timeout(), from.execution_timeout());
  }
  if (from.run_timeout_given() || from.run_timeout() > 0) {
    set_nanos(config->mutable_workflow_run_timeout(), from.run_timeout());
  }
  set_nanos(config->mutable_default_workflow_task_timeout(), from.workflow_task_timeout());
  if (from.has_user_metadata()) {
    *config->mutable_user_metadata() = from.user_metadata();
  }
}

void fill_info(const Execution& run, workflow::WorkflowExecutionInfo* info) {
  const state::ExecutionState& from = run.info();
  info->mutable_execution()->set_workflow_id(run.key().workflow_id.value);
  info->mutable_execution()->set_run_id(run.run_id().value);
  info->mutable_type()->set_name(from.workflow_type());
  set_time(info->mutable_start_time(), from.start_time());
  info->set_status(from.status());
  info->set_history_length(from.next_event_id() - 1);
  set_time(info->mutable_execution_time(), from.execution_time());
  *info->mutable_memo() = from.memo();
  *info->mutable_search_attributes() = from.search_attributes();
  *info->mutable_auto_reset_points()->mutable_points() = from.reset_points();
  info->set_task_queue(from.task_queue());
  info->set_state_transition_count(from.state_transition_count());
  info->set_history_size_bytes(from.history_bytes());
  if (from.has_worker_version_stamp()) {
    *info->mutable_most_recent_worker_version_stamp() = from.worker_version_stamp();
  }
  *info->mutable_root_execution() = from.has_root() ? from.root() : info->execution();
  if (from.has_parent()) {
    info->set_parent_namespace_id(from.parent().namespace_id());
    info->mutable_parent_execution()->set_workflow_id(from.parent().workflow_id());
    info->mutable_parent_execution()->set_run_id(from.parent().run_id());
  }
  info->set_first_run_id(from.first_run_id());
  info->set_worker_deployment_name(from.worker_deployment_name());
  if (from.has_priority()) {
    *info->mutable_priority() = from.priority();
  }
  if (!run.running()) {
    set_time(info->mutable_close_time(), from.close_time());
    set_nanos(info->mutable_execution_duration(), from.close_time() - from.execution_time());
  }
}

void fill_extended_info(const state::ExecutionState& from, workflow::WorkflowExecutionExtendedInfo* info) {
  if (from.execution_expiration() != 0) {
    set_time(info->mutable_execution_expiration_time(), from.execution_expiration());
  }
  if (from.run_expiration() != 0) {
    set_time(info->mutable_run_expiration_time(), from.run_expiration());
  } else {
    info->mutable_run_expiration_time()->set_seconds(kNoTime);  // as Temporal says "never" here
  }
  set_time(info->mutable_original_start_time(),
           from.original_start_time() != 0 ? from.original_start_time() : from.start_time());
  info->set_reset_run_id(from.reset_run_id());
  if (from.has_reset_origin()) {
    set_time(info->mutable_last_reset_time(), from.start_time());
  }
  info->set_cancel_requested(from.cancel_requested());
  if (!from.start_request_id().empty()) {
    auto& request = (*info->mutable_request_id_infos())[from.start_request_id()];
    request.set_event_type(enums::EVENT_TYPE_WORKFLOW_EXECUTION_STARTED);
    request.set_event_id(1);
  }
}

void fill_pending_workflow_task(const Execution& run, workflow::PendingWorkflowTaskInfo* info) {
  const state::WorkflowTaskState& task = *run.workflow_task();
  info->set_state(enums::PENDING_WORKFLOW_TASK_STATE_SCHEDULED);
  set_time(info->mutable_scheduled_time(), task.scheduled_time());
  set_time(info->mutable_original_scheduled_time(), task.original_scheduled_time());
  info->set_attempt(task.attempt());
  if (run.has_started_workflow_task()) {
    info->set_state(enums::PENDING_WORKFLOW_TASK_STATE_STARTED);
    const VolatileStart* start = run.volatile_start();
    set_time(info->mutable_started_time(),
             start != nullptr ? start->started_time.nanos : task.started_time());
  }
}

}  // namespace

wire::DescribeWorkflowExecutionResponse describe_workflow(const Execution& run, Timestamp now) {
  wire::DescribeWorkflowExecutionResponse response;
  fill_config(run.info(), response.mutable_execution_config());
  fill_info(run, response.mutable_workflow_execution_info());
  fill_extended_info(run.info(), response.mutable_workflow_extended_info());
  run.for_each([&](ItemKey key, const Pending& pending) {
    if (const auto* activity = std::get_if<Activity>(&pending)) {
      fill_pending_activity(*activity, now, response.add_pending_activities());
    } else if (const auto* child = std::get_if<state::ChildState>(&pending)) {
      fill_pending_child(*child, key.id, response.add_pending_children());
    }
  });
  if (run.workflow_task() != nullptr) {
    fill_pending_workflow_task(run, response.mutable_pending_workflow_task());
  }
  return response;
}

}  // namespace perdure::engine
