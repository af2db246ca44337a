#include "base/random.h"

namespace perdure {

std::string uuid4(Random& random) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::uint64_t high = (random.next() & ~0xf000ULL) | 0x4000ULL;
  std::uint64_t low = (random.next() & ~(3ULL << 62)) | (2ULL << 62);
  std::string text(36, '-');
  char* to = text.data();
  const auto write = [&to](std::uint64_t word, int digits) {
    for (int at = digits; at-- > 0; word >>= 4) {
      to[at] = kHex[word & 0xf];
    }
    to += digits + 1;  // and the hyphen
  };
  write(high >> 32, 8);
  write(high >> 16, 4);
  write(high, 4);
  write(low >> 48, 4);
  write(low, 12);
  return text;
}

}  // namespace perdure
