#pragma once
// What the server counts, and how Prometheus reads it.
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/status.h"

namespace perdure::server {

// Seconds. What is above the last one is counted too.
inline constexpr std::array<double, 12> kLatencyBounds{.0005, .001, .002, .005, .01, .02,
                                                       .05,   .1,   .25,  .5,   1.,  5.};

// Of one method. Thread-safe, without locks.
class MethodCounters {
 public:
  // `timed`: false for a long poll, whose length says nothing.
  void count(Code code, std::chrono::nanoseconds took, bool timed);

  std::uint64_t of_code(std::size_t code) const { return codes_[code].load(std::memory_order_relaxed); }
  std::uint64_t of_bound(std::size_t bound) const { return bounds_[bound].load(std::memory_order_relaxed); }
  std::uint64_t total_nanos() const { return nanos_.load(std::memory_order_relaxed); }

  static constexpr std::size_t kCodes = 17;

 private:
  std::array<std::atomic<std::uint64_t>, kCodes> codes_{};
  std::array<std::atomic<std::uint64_t>, kLatencyBounds.size() + 1> bounds_{};  // not cumulative
  std::atomic<std::uint64_t> nanos_{0};
};

// A number that is read when Prometheus asks.
struct Figure {
  std::string name;
  std::string help;
  double value = 0;
  bool only_grows = false;
};
using Figures = std::function<std::vector<Figure>()>;

struct MethodMetrics {
  std::string method;  // "StartWorkflowExecution"
  const MethodCounters* counters;
};

// The text that Prometheus reads.
std::string metrics_text(const std::vector<MethodMetrics>& methods, const std::vector<Figure>& figures);

}  // namespace perdure::server
