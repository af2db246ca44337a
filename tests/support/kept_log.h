#pragma once
// The log lines of the program, kept for a test to look at instead of written to standard error.
#include <algorithm>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "perdure/logger.h"

namespace test_support {

// One at a time. Thread-safe.
class KeptLog {
 public:
  KeptLog() {
    perdure::set_log_sink([this](const perdure::LogRecord& record) {
      const std::lock_guard lock(mutex_);
      lines_.push_back(record);
    });
  }
  ~KeptLog() { perdure::set_log_sink(nullptr); }
  KeptLog(const KeptLog&) = delete;
  KeptLog& operator=(const KeptLog&) = delete;

  std::vector<perdure::LogRecord> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  // The first line that says exactly `message`.
  std::optional<perdure::LogRecord> find(const std::string& message) const {
    const std::lock_guard lock(mutex_);
    const auto at = std::find_if(lines_.begin(), lines_.end(),
                                 [&](const perdure::LogRecord& line) { return line.message == message; });
    return at == lines_.end() ? std::nullopt : std::optional(*at);
  }

 private:
  mutable std::mutex mutex_;
  std::vector<perdure::LogRecord> lines_;  // guarded by mutex_
};

// The value of a line's field; empty: it has none of that name.
inline std::string field(const perdure::LogRecord& line, const std::string& name) {
  for (const auto& [key, value] : line.fields) {
    if (key == name) {
      return value;
    }
  }
  return "";
}

}  // namespace test_support
