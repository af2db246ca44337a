#pragma once
// What the operating system says of this process.
#include <chrono>
#include <cstdint>
#include <vector>

namespace perdure::bench {

struct Usage {
  std::chrono::nanoseconds cpu{};   // user + system, all threads
  std::chrono::nanoseconds wall{};  // monotonic
  std::uint64_t bytes_written = 0;  // handed to write(), as /proc/self/io counts them (wchar)
};

Usage usage_now();
// Resident memory, bytes.
std::uint64_t resident_bytes();
// The value below which `fraction` of the samples lie; sorts `samples`.
std::chrono::nanoseconds percentile(std::vector<std::chrono::nanoseconds>& samples, double fraction);

}  // namespace perdure::bench
