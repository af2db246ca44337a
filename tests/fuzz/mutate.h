#pragma once
// Damage to the bytes of a request.
#include <string>

#include "base/random.h"

namespace perdure::fuzz {

// A few bits, bytes and ranges changed, dropped or doubled, or a piece of `other` put in.
void mutate(std::string* bytes, const std::string& other, Random& random);

}  // namespace perdure::fuzz
