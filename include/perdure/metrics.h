#pragma once
// Where the numbers of a client and its workers go. Names, kinds and labels are those of Temporal's SDKs:
// temporal_request, temporal_workflow_task_execution_latency, …; docs/guide/observability.md lists them.
//
//   auto client = perdure::Client::connect("file:./state", {.metrics = std::make_shared<MySink>()});
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perdure {

// In a fixed order for each metric.
using MetricLabels = std::vector<std::pair<std::string, std::string>>;

// Called often, on several threads at once, also on threads that must not wait: it has to be quick and must
// not throw. What it does with `name` and `labels` it does during the call.
class MetricsSink {
 public:
  MetricsSink() = default;
  MetricsSink(const MetricsSink&) = delete;
  MetricsSink& operator=(const MetricsSink&) = delete;
  virtual ~MetricsSink() = default;

  // A counter goes up.
  virtual void count(std::string_view name, const MetricLabels& labels, double by) = 0;
  // A gauge has a new value.
  virtual void gauge(std::string_view name, const MetricLabels& labels, double value) = 0;
  // A latency was measured. Temporal's SDKs export seconds or milliseconds; that is the sink's choice.
  virtual void latency(std::string_view name, const MetricLabels& labels, std::chrono::nanoseconds value) = 0;
};

}  // namespace perdure
