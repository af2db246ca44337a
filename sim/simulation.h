#pragma once
// One seed, from the empty disk to the last check.
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "report.h"

namespace perdure::sim {

struct Outcome {
  std::uint64_t seed = 0;
  std::optional<Violation> violation;
  std::string invalid;  // not empty: why the seed proves nothing
  std::uint64_t acknowledged = 0;
  std::uint64_t answered = 0;
  int crashes = 0;
  std::uint64_t digest = 0;
  double virtual_seconds = 0;
  std::map<std::string, std::uint64_t> marks;
};

Outcome simulate(std::uint64_t seed, bool verbose);

}  // namespace perdure::sim
