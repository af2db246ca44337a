#include "server/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace perdure::server {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

void add_codes(const MethodMetrics& method, MetricFamily* family) {
  for (std::size_t code = 0; code < MethodCounters::kCodes; ++code) {
    const std::uint64_t count = method.counters->of_code(code);
    if (count > 0) {
      ClientMetric metric;
      metric.label = {{"method", method.method}, {"code", code_name(static_cast<Code>(code))}};
      metric.counter.value = static_cast<double>(count);
      family->metric.push_back(std::move(metric));
    }
  }
}

void add_latencies(const MethodMetrics& method, MetricFamily* family) {
  ClientMetric metric;
  metric.label = {{"method", method.method}};
  std::uint64_t below = 0;
  for (std::size_t i = 0; i <= kLatencyBounds.size(); ++i) {
    below += method.counters->of_bound(i);
    const bool last = i == kLatencyBounds.size();
    metric.histogram.bucket.push_back(
        {below, last ? std::numeric_limits<double>::infinity() : kLatencyBounds[i]});
  }
  metric.histogram.sample_count = below;
  metric.histogram.sample_sum = static_cast<double>(method.counters->total_nanos()) / 1e9;
  if (below > 0) {
    family->metric.push_back(std::move(metric));
  }
}

MetricFamily to_family(const Figure& figure) {
  ClientMetric metric;
  (figure.only_grows ? metric.counter.value : metric.gauge.value) = figure.value;
  return {figure.name, figure.help, figure.only_grows ? MetricType::Counter : MetricType::Gauge, {metric}};
}

std::vector<MetricFamily> collect(const std::vector<MethodMetrics>& methods,
                                  const std::vector<Figure>& figures) {
  MetricFamily calls{"perdure_server_calls_total",
                     "Calls answered, by method and gRPC status code.",
                     MetricType::Counter,
                     {}};
  MetricFamily seconds{"perdure_server_call_seconds",
                       "From the parsed request to the answer; long polls are left out.",
                       MetricType::Histogram,
                       {}};
  for (const MethodMetrics& method : methods) {
    add_codes(method, &calls);
    add_latencies(method, &seconds);
  }
  std::vector<MetricFamily> families{std::move(calls), std::move(seconds)};
  for (const Figure& figure : figures) {
    families.push_back(to_family(figure));
  }
  return families;
}

}  // namespace

void MethodCounters::count(Code code, std::chrono::nanoseconds took, bool timed) {
  codes_[static_cast<std::size_t>(code)].fetch_add(1, std::memory_order_relaxed);
  if (!timed) {
    return;
  }
  const double seconds = std::chrono::duration<double>(took).count();
  const auto bound = std::lower_bound(kLatencyBounds.begin(), kLatencyBounds.end(), seconds);
  bounds_[static_cast<std::size_t>(bound - kLatencyBounds.begin())].fetch_add(1, std::memory_order_relaxed);
  nanos_.fetch_add(static_cast<std::uint64_t>(took.count()), std::memory_order_relaxed);
}

std::string metrics_text(const std::vector<MethodMetrics>& methods, const std::vector<Figure>& figures) {
  return prometheus::TextSerializer().Serialize(collect(methods, figures));
}

}  // namespace perdure::server
