#pragma once
// The error of a value that does not convert, apart from error.h so that payload.h needs nothing else of it
// (error.h includes payload.h and this).
#include <string>

#include "perdure/perdure_error.h"

namespace perdure {

// A payload does not hold what was asked of it, or a value cannot be written: which field, at which byte, and
// why.
class DataConversionError : public PerdureError {
 public:
  explicit DataConversionError(const std::string& message) : PerdureError(message) {}
};

}  // namespace perdure
