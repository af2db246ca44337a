#pragma once
// What a worker tells the people who run it, through the sink that the program may have set
// (perdure/logger.h).
#include <string>
#include <utility>

#include "perdure/logger.h"

namespace perdure::worker {

inline void warn(std::string message, LogFields fields = {}) noexcept {
  write_log({.level = LogLevel::kWarning, .message = std::move(message), .fields = std::move(fields)});
}

}  // namespace perdure::worker
