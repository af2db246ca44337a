#include "base/random.h"

namespace perdure {

std::string uuid4(Random& random) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::uint64_t high = (random.next() & ~0xf000ULL) | 0x4000ULL;
  std::uint64_t low = (random.next() & ~(3ULL << 62)) | (2ULL << 62);
  std::string text(36, '-');
  std::size_t at = 0;
  for (int nibble = 0; nibble < 32; ++nibble) {
    if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20) {
      ++at;
    }
    std::uint64_t word = nibble < 16 ? high : low;
    text[at++] = kHex[(word >> (60 - 4 * (nibble % 16))) & 0xf];
  }
  return text;
}

}  // namespace perdure
