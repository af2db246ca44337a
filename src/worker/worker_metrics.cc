#include "worker/worker_metrics.h"

#include <algorithm>

namespace perdure::worker {
namespace {

std::string full(std::string_view name) { return "temporal_" + std::string(name); }

}  // namespace

WorkerMetrics::WorkerMetrics(client::Connection& connection, std::string task_queue, std::string worker_type,
                             std::size_t slots)
    : sink_(connection.metrics()),
      pacer_(connection.pacer()),
      base_(on() ? MetricLabels{{"namespace", connection.namespace_name()},
                                {"task_queue", std::move(task_queue)}}
                 : MetricLabels()),
      worker_type_(std::move(worker_type)),
      slots_(slots) {}

MetricLabels WorkerMetrics::labels(Extra extra) const {
  MetricLabels all = base_;
  all.insert(all.end(), extra.begin(), extra.end());
  return all;
}

void WorkerMetrics::count(std::string_view name, Extra extra) const {
  if (on()) {
    sink_->count(full(name), labels(extra), 1);
  }
}

void WorkerMetrics::gauge(std::string_view name, double value, Extra extra) const {
  if (on()) {
    sink_->gauge(full(name), labels(extra), value);
  }
}

void WorkerMetrics::latency(std::string_view name, std::chrono::nanoseconds value, Extra extra) const {
  if (on()) {
    sink_->latency(full(name), labels(extra), value);
  }
}

void WorkerMetrics::latency_since(std::string_view name, Timestamp begun, Extra extra) const {
  if (on()) {
    latency(name, std::chrono::nanoseconds(now().nanos - begun.nanos), extra);
  }
}

void WorkerMetrics::task_begun() {
  if (on()) {
    report_slots(++used_);
  }
}

void WorkerMetrics::task_ended() {
  if (on()) {
    report_slots(--used_);
  }
}

void WorkerMetrics::report_slots(std::size_t used) const {
  gauge("worker_task_slots_used", static_cast<double>(used), {{"worker_type", worker_type_}});
  gauge("worker_task_slots_available", static_cast<double>(slots_ - std::min(used, slots_)),
        {{"worker_type", worker_type_}});
}

void WorkerMetrics::pollers(const char* poller_type, std::size_t open) const {
  if (!on()) {
    return;
  }
  gauge("num_pollers", static_cast<double>(open), {{"poller_type", poller_type}});
}

}  // namespace perdure::worker
