#include "tests/fuzz/figures.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>

namespace perdure::fuzz {

void Figures::count(const std::string& method, const Status& status, std::size_t answer_bytes) {
  ++answers_;
  ++by_method_[method][status.code()];
  largest_answer_ = std::max(largest_answer_, answer_bytes);
}

void Figures::note_cost(const std::string& method, double seconds, std::size_t request_bytes) {
  if (seconds > slowest_) {
    slowest_ = seconds;
    slowest_method_ = method;
    slowest_bytes_ = request_bytes;
  }
}

void Figures::print(const Methods& methods) const {
  std::size_t untouched = 0;
  for (const Method& method : methods.all()) {
    const auto found = by_method_.find(method.name);
    if (found == by_method_.end()) {
      ++untouched;
      continue;
    }
    std::uint64_t total = 0;
    std::string codes;
    for (const auto& [code, count] : found->second) {
      total += count;
      codes += fmt::format("  {} {}", code_name(code), count);
    }
    fmt::print("{:42} {:>9} {}\n", method.name, total, codes);
  }
  fmt::print("{} methods, {} of them never tried\n", methods.all().size(), untouched);
  fmt::print("slowest call: {} with {} bytes, {:.1f} ms; largest answer: {} bytes\n", slowest_method_,
             slowest_bytes_, slowest_ * 1e3, largest_answer_);
}

double processor_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

std::size_t resident_bytes() {
  std::size_t pages = 0;
  if (FILE* file = std::fopen("/proc/self/statm", "r")) {
    std::size_t total = 0;
    if (std::fscanf(file, "%zu %zu", &total, &pages) != 2) {
      pages = 0;
    }
    std::fclose(file);
  }
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

std::size_t most_resident_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

}  // namespace perdure::fuzz
