#include "base/random.h"

#include "base/uuid.h"

namespace perdure {
namespace {

constexpr std::uint64_t kVariant = 2ULL << 62;
constexpr std::uint64_t kVariantBits = 3ULL << 62;

std::string uuid_text(std::uint64_t high, std::uint64_t low) {
  static constexpr char kHex[] = "0123456789abcdef";
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

}  // namespace

std::string uuid4(Random& random) {
  const std::uint64_t high = (random.next() & ~0xf000ULL) | 0x4000ULL;
  return uuid_text(high, (random.next() & ~kVariantBits) | kVariant);
}

std::string uuid7(Random& random, Timestamp now) {
  const auto milliseconds = static_cast<std::uint64_t>(now.nanos / 1'000'000);
  const std::uint64_t high = milliseconds << 16 | 0x7000ULL | (random.next() & 0xfffULL);
  return uuid_text(high, (random.next() & ~kVariantBits) | kVariant);
}

}  // namespace perdure
