#include "tests/fuzz/mutate.h"

#include <algorithm>
#include <cstdint>

namespace perdure::fuzz {
namespace {

struct Range {
  std::size_t at = 0;
  std::size_t size = 0;
};

// Mostly short.
Range range_of(const std::string& bytes, Random& random) {
  const std::size_t at = random.below(bytes.size() + 1);
  const std::size_t most = random.chance(0.8) ? 16 : bytes.size();
  return {at, std::min<std::size_t>(random.below(most + 1), bytes.size() - at)};
}

std::string noise(Random& random) {
  std::string bytes;
  for (std::uint64_t left = 1 + random.below(12); left > 0; --left) {
    bytes.push_back(static_cast<char>(random.next() & 0xff));
  }
  return bytes;
}

void mutate_once(std::string* bytes, const std::string& other, Random& random) {
  const Range range = range_of(*bytes, random);
  const std::uint64_t kind = random.below(9);
  if (kind == 0 && !bytes->empty()) {
    (*bytes)[random.below(bytes->size())] ^= static_cast<char>(1 << random.below(8));
  } else if (kind == 1 && !bytes->empty()) {
    (*bytes)[random.below(bytes->size())] = static_cast<char>(random.next() & 0xff);
  } else if (kind == 2) {
    bytes->insert(range.at, noise(random));
  } else if (kind == 3) {
    bytes->erase(range.at, range.size);
  } else if (kind == 4) {
    bytes->insert(range.at, bytes->substr(range.at, range.size));
  } else if (kind == 5) {
    const Range taken = range_of(other, random);
    bytes->insert(range.at, other, taken.at, taken.size);
  } else if (kind == 6) {
    bytes->replace(range.at, range.size, noise(random));
  } else if (kind == 7) {
    bytes->insert(range.at, std::string(1 + random.below(10), '\xff'));  // an endless varint
  } else {
    bytes->append(other, 0, random.below(other.size() + 1));  // fields of both: the last one counts
  }
}

}  // namespace

void mutate(std::string* bytes, const std::string& other, Random& random) {
  for (std::uint64_t left = 1 + random.below(random.chance(0.7) ? 2 : 8); left > 0; --left) {
    mutate_once(bytes, other, random);
  }
}

}  // namespace perdure::fuzz
