#pragma once
// Which programs a test runs: so many from a seed on, or as many as the environment asks for.
#include <cstdint>
#include <cstdlib>
#include <string>

namespace perdure::programs {

struct Seeds {
  std::uint64_t first = 1;
  std::uint64_t last = 0;
};

inline Seeds seeds(std::uint64_t usual) {
  const char* asked = std::getenv("PERDURE_PROGRAMS");
  const char* from = std::getenv("PERDURE_PROGRAMS_FROM");
  const std::uint64_t first = from == nullptr ? 1 : std::stoull(from);
  return {first, first - 1 + (asked == nullptr ? usual : std::stoull(asked))};
}

}  // namespace perdure::programs
