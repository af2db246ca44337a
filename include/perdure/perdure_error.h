#pragma once
// The base of every exception that Perdure throws; the others are in error.h.
#include <stdexcept>

namespace perdure {

class PerdureError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace perdure
