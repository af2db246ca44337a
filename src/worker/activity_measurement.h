#pragma once
// The metrics of one attempt of an activity.
#include <chrono>
#include <string>

#include "base/time.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"
#include "worker/worker_metrics.h"

namespace perdure::worker {

class ActivityMeasurement {
 public:
  // The attempt begins. `metrics` outlives it.
  ActivityMeasurement(const WorkerMetrics& metrics,
                      const temporal::api::workflowservice::v1::PollActivityTaskQueueResponse& task);

  // Its code is done.
  void succeeded();
  void failed();
  // Cancelled, or left to somebody else.
  void ended();

 private:
  const WorkerMetrics& metrics_;
  const std::string activity_type_;
  const std::string workflow_type_;
  const std::chrono::nanoseconds waited_;  // from the first attempt's schedule to this start
  const Timestamp begun_;
};

}  // namespace perdure::worker
