#pragma once
// Ids in the form of UUIDs.
#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/time.h"

namespace perdure {

// Whether `text` is a UUID in its usual spelling, of any version.
inline bool is_uuid(std::string_view text) {
  if (text.size() != 36) {
    return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0) {
      return false;
    }
  }
  return true;
}

// A version 7 UUID, lower case: milliseconds since 1970, then random bits. Run ids are such.
std::string uuid7(Random& random, Timestamp now);

}  // namespace perdure
