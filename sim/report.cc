#include "report.h"

#include <cstdio>

#include "schedule.h"

namespace perdure::sim {

std::uint64_t fnv(std::string_view bytes, std::uint64_t seed) {
  std::uint64_t hash = seed;
  for (const char c : bytes) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
  return hash;
}

void Report::hash(std::string_view bytes) { digest_ = fnv(bytes, digest_); }

void Report::append(Timestamp now, const std::string& line) {
  digest_ = fnv(line, digest_ ^ static_cast<std::uint64_t>(now.nanos));
  if (verbose_) {
    fmt::print("{:>12.6f} {}\n", static_cast<double>((now - kEpoch).count()) * 1e-9, line);
    std::fflush(stdout);
  }
}

void Report::violate(std::string invariant, std::string detail) {
  if (violation_) {
    return;
  }
  if (verbose_) {
    fmt::print("VIOLATION {}: {}\n", invariant, detail);
  }
  violation_ = Violation{std::move(invariant), std::move(detail)};
}

}  // namespace perdure::sim
