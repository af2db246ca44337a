#include "worker/activity_measurement.h"

#include "api/convert.h"

namespace perdure::worker {
namespace {

std::chrono::nanoseconds between(const google::protobuf::Timestamp& from,
                                 const google::protobuf::Timestamp& to) {
  return std::chrono::nanoseconds(api::from_proto(to).nanos - api::from_proto(from).nanos);
}

}  // namespace

ActivityMeasurement::ActivityMeasurement(
    const WorkerMetrics& metrics,
    const temporal::api::workflowservice::v1::PollActivityTaskQueueResponse& task)
    : metrics_(metrics),
      activity_type_(task.activity_type().name()),
      workflow_type_(task.workflow_type().name()),
      waited_(between(task.scheduled_time(), task.started_time())),
      begun_(metrics.now()) {
  metrics_.latency("activity_schedule_to_start_latency",
                   between(task.current_attempt_scheduled_time(), task.started_time()),
                   {{"activity_type", activity_type_}, {"workflow_type", workflow_type_}});
}

void ActivityMeasurement::succeeded() {
  ended();
  metrics_.latency("activity_succeed_endtoend_latency",
                   waited_ + std::chrono::nanoseconds(metrics_.now().nanos - begun_.nanos),
                   {{"activity_type", activity_type_}, {"workflow_type", workflow_type_}});
}

void ActivityMeasurement::failed() {
  ended();
  metrics_.count("activity_execution_failed",
                 {{"activity_type", activity_type_}, {"workflow_type", workflow_type_}});
}

void ActivityMeasurement::ended() {
  metrics_.latency_since("activity_execution_latency", begun_,
                         {{"activity_type", activity_type_}, {"workflow_type", workflow_type_}});
}

}  // namespace perdure::worker
