#pragma once
// What users add to a connection: see ConnectOptions.
#include <memory>
#include <vector>

#include "client/caller_loop.h"
#include "perdure/data_converter.h"
#include "perdure/interceptor.h"
#include "perdure/metrics.h"

namespace perdure::client {

struct Extensions {
  DataConverter data_converter{};
  std::vector<std::shared_ptr<Interceptor>> interceptors{};
  std::shared_ptr<MetricsSink> metrics{};
  std::shared_ptr<CallerLoop> caller_loop{};
};

// Of ConnectOptions, or of a test environment's options.
template <class Options>
Extensions extensions_of(const Options& options) {
  return {options.data_converter, options.interceptors, options.metrics, nullptr};
}

}  // namespace perdure::client
