#pragma once
// What a worker tells its MetricsSink, by the names of Temporal's SDKs. Without a sink every method returns
// at once. Thread-safe.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.h"
#include "client/connection.h"
#include "perdure/metrics.h"

namespace perdure::worker {

class WorkerMetrics {
 public:
  using Extra = std::initializer_list<std::pair<std::string, std::string>>;

  // `worker_type`: as in the labels, "WorkflowWorker"; `slots`: how many tasks it works on at once. The
  // connection outlives it.
  WorkerMetrics(client::Connection& connection, std::string task_queue, std::string worker_type,
                std::size_t slots);

  bool on() const { return sink_ != nullptr; }
  // For what takes time; anything when there is no sink.
  Timestamp now() const { return on() ? pacer_.now() : Timestamp{}; }

  // `name` without "temporal_".
  void count(std::string_view name, Extra extra = {}) const;
  void gauge(std::string_view name, double value, Extra extra = {}) const;
  void latency(std::string_view name, std::chrono::nanoseconds value, Extra extra = {}) const;
  // From `begun`, of now(), to now.
  void latency_since(std::string_view name, Timestamp begun, Extra extra = {}) const;

  // A task occupies a slot, and leaves it.
  void task_begun();
  void task_ended();
  // Of all pollers of one kind. As the label poller_type: "workflow_task".
  void pollers(const char* poller_type, std::size_t open) const;

 private:
  MetricLabels labels(Extra extra) const;
  void report_slots(std::size_t used) const;

  const std::shared_ptr<MetricsSink> sink_;
  client::Pacer& pacer_;
  const MetricLabels base_;  // in every metric
  const std::string worker_type_;
  const std::size_t slots_;
  std::atomic<std::size_t> used_ = 0;
};

// How a poller counts.
struct PollerMetrics {
  const WorkerMetrics& metrics;
  const char* poller_type;
  const char* brought_task;
  const char* brought_nothing;
};

}  // namespace perdure::worker
