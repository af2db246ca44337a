#include "process.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace perdure::bench {
namespace {

std::chrono::nanoseconds duration_of(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

}  // namespace

Usage usage_now() {
  rusage self{};
  getrusage(RUSAGE_SELF, &self);
  Usage usage{.cpu = duration_of(self.ru_utime) + duration_of(self.ru_stime),
              .wall = std::chrono::steady_clock::now().time_since_epoch()};
  std::ifstream io("/proc/self/io");
  for (std::string name; io >> name;) {
    std::uint64_t value = 0;
    io >> value;
    if (name == "wchar:") {
      usage.bytes_written = value;
    }
  }
  return usage;
}

std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::chrono::nanoseconds percentile(std::vector<std::chrono::nanoseconds>& samples, double fraction) {
  if (samples.empty()) {
    return {};
  }
  std::sort(samples.begin(), samples.end());
  const auto last = static_cast<double>(samples.size() - 1);
  return samples[static_cast<std::size_t>(last * fraction)];
}

}  // namespace perdure::bench
