#include "prometheus_sink.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

namespace observability {
namespace {

std::map<std::string, std::string> labels_of(const perdure::MetricLabels& labels) {
  return {labels.begin(), labels.end()};
}

// From half a millisecond to a minute.
const prometheus::Histogram::BucketBoundaries& buckets() {
  static const prometheus::Histogram::BucketBoundaries boundaries = {0.0005, 0.001, 0.005, 0.01, 0.05, 0.1,
                                                                     0.5,    1,     5,     10,   60};
  return boundaries;
}

}  // namespace

template <class Metric, class Builder>
prometheus::Family<Metric>& PrometheusSink::family(std::map<std::string, prometheus::Family<Metric>*>& known,
                                                   const std::string& name, Builder builder) {
  const std::lock_guard lock(mutex_);
  prometheus::Family<Metric>*& found = known[name];
  if (found == nullptr) {
    found = &builder().Name(name).Register(*registry_);
  }
  return *found;
}

void PrometheusSink::count(std::string_view name, const perdure::MetricLabels& labels, double by) {
  family(counters_, std::string(name), prometheus::BuildCounter).Add(labels_of(labels)).Increment(by);
}

void PrometheusSink::gauge(std::string_view name, const perdure::MetricLabels& labels, double value) {
  family(gauges_, std::string(name), prometheus::BuildGauge).Add(labels_of(labels)).Set(value);
}

void PrometheusSink::latency(std::string_view name, const perdure::MetricLabels& labels,
                             std::chrono::nanoseconds value) {
  family(histograms_, std::string(name) + "_seconds", prometheus::BuildHistogram)
      .Add(labels_of(labels), buckets())
      .Observe(std::chrono::duration<double>(value).count());
}

}  // namespace observability
