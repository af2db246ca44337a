#pragma once
// The numbers of a client and its workers for Prometheus: a MetricsSink over prometheus-cpp, to copy.
#include <perdure/perdure.h>
#include <prometheus/registry.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace observability {

// [sink]
// Latencies are histograms in seconds; their names end in "_seconds", as those of Temporal's SDKs that export
// so.
class PrometheusSink final : public perdure::MetricsSink {
 public:
  explicit PrometheusSink(std::shared_ptr<prometheus::Registry> registry) : registry_(std::move(registry)) {}

  void count(std::string_view name, const perdure::MetricLabels& labels, double by) override;
  void gauge(std::string_view name, const perdure::MetricLabels& labels, double value) override;
  void latency(std::string_view name, const perdure::MetricLabels& labels,
               std::chrono::nanoseconds value) override;
  // [sink]

 private:
  // A family of metrics is made once; the registry keeps it.
  template <class Metric, class Builder>
  prometheus::Family<Metric>& family(std::map<std::string, prometheus::Family<Metric>*>& known,
                                     const std::string& name, Builder builder);

  const std::shared_ptr<prometheus::Registry> registry_;
  std::mutex mutex_;
  std::map<std::string, prometheus::Family<prometheus::Counter>*> counters_;      // guarded by mutex_
  std::map<std::string, prometheus::Family<prometheus::Gauge>*> gauges_;          // guarded by mutex_
  std::map<std::string, prometheus::Family<prometheus::Histogram>*> histograms_;  // guarded by mutex_
};

}  // namespace observability
