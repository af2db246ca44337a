#include "engine/machines/reset_points.h"

#include <algorithm>

#include "api/convert.h"
#include "base/limits.h"

namespace perdure::engine {

namespace {

constexpr int kMaxResetPoints = 20;  // history.historyMaxAutoResetPoints

}  // namespace

void fill_deployment(const wire::RespondWorkflowTaskCompletedRequest& request,
                     history::WorkflowTaskCompletedEventAttributes* attributes) {
  const auto& options = request.deployment_options();
  attributes->set_worker_deployment_name(
      options.deployment_name().empty() ? request.deployment().series_name() : options.deployment_name());
  const bool versioned = options.worker_versioning_mode() == enums::WORKER_VERSIONING_MODE_VERSIONED;
  if (!request.has_deployment_options() || versioned) {
    attributes->set_versioning_behavior(request.versioning_behavior());
  }
  if (request.has_deployment()) {
    attributes->mutable_deployment_version()->set_deployment_name(request.deployment().series_name());
    attributes->mutable_deployment_version()->set_build_id(request.deployment().build_id());
  } else if (versioned) {
    attributes->mutable_deployment_version()->set_deployment_name(options.deployment_name());
    attributes->mutable_deployment_version()->set_build_id(options.build_id());
  }
}

void add_reset_point(Step& step, const history::WorkflowTaskCompletedEventAttributes& completed,
                     std::int64_t event_id) {
  state::ExecutionState& info = step.run.info();
  const std::string& build_id = completed.has_deployment_version() ? completed.deployment_version().build_id()
                                                                   : completed.worker_version().build_id();
  auto* points = info.mutable_reset_points();
  const bool known = std::any_of(points->begin(), points->end(), [&](const auto& point) {
    return point.binary_checksum() == completed.binary_checksum() && point.build_id() == build_id;
  });
  if (known) {
    return;
  }
  auto* point = points->Add();
  point->set_binary_checksum(completed.binary_checksum());
  point->set_build_id(build_id);
  point->set_run_id(step.run.run_id().value);
  point->set_first_workflow_task_completed_id(event_id);
  api::set_timestamp(point->mutable_create_time(), step.now());
  point->set_resettable(true);
  if (points->size() > kMaxResetPoints) {
    points->DeleteSubrange(0, points->size() - kMaxResetPoints);
  }
}

temporal::api::workflow::v1::ResetPoints inherited_reset_points(Step& step) {
  state::ExecutionState& predecessor = step.run.info();
  for (auto& point : *predecessor.mutable_reset_points()) {
    if (point.run_id() == step.run.run_id().value) {
      api::set_timestamp(point.mutable_expire_time(), step.now() + Duration(limits::kRetentionDefault));
    }
  }
  temporal::api::workflow::v1::ResetPoints points;
  *points.mutable_points() = predecessor.reset_points();
  return points;
}

void take_over_reset_points(const history::WorkflowExecutionStartedEventAttributes& started,
                            Timestamp start_time, state::ExecutionState* info) {
  for (const auto& point : started.prev_auto_reset_points().points()) {
    if (!point.has_expire_time() || api::from_proto(point.expire_time()) >= start_time) {
      *info->add_reset_points() = point;
    }
  }
}

}  // namespace perdure::engine
