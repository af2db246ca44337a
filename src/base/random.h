#pragma once
// Randomness as an input of the cores. The shell seeds it from the system, the simulator from the seed of the run.
#include <cstdint>
#include <string>

namespace perdure {

// SplitMix64: small, fast, good enough for ids within one seed; never used for secrets.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  // Uniform in [0, bound); bound > 0.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  // True with probability `p`.
  bool chance(double p) { return static_cast<double>(next() >> 11) * 0x1.0p-53 < p; }

 private:
  std::uint64_t state_;
};

// A random (version 4) UUID, lower case, as run ids are.
std::string uuid4(Random& random);

}  // namespace perdure
