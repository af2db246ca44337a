#pragma once
// What one simulated run says about itself: its log (hashed, so that two runs can be compared; printed on
// request), the rare branches that it reached, and the first violated invariant. Nothing here throws: a
// violation that is found inside a callback of the system under test must not be swallowed by that system.
#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.h"

namespace perdure::sim {

struct Violation {
  std::string invariant;  // an id of the list of invariants, e.g. "D1"
  std::string detail;
};

class Report {
 public:
  explicit Report(bool verbose) : verbose_(verbose) {}

  // Appends one line to the log, stamped with the virtual time.
  template <class... Args>
  void log(Timestamp now, fmt::format_string<Args...> format, Args&&... args) {
    append(now, fmt::format(format, std::forward<Args>(args)...));
  }
  // Adds bytes to the hash of the log without printing them.
  void hash(std::string_view bytes);
  // A rare branch was reached.
  void mark(const std::string& name) { ++marks_[name]; }
  // Only the first violation is kept: what follows it proves nothing.
  void violate(std::string invariant, std::string detail);
  template <class... Args>
  void expect(bool holds, const char* invariant, fmt::format_string<Args...> format, Args&&... args) {
    if (!holds && !violation_) {
      violate(invariant, fmt::format(format, std::forward<Args>(args)...));
    }
  }

  const std::optional<Violation>& violation() const { return violation_; }
  const std::map<std::string, std::uint64_t>& marks() const { return marks_; }
  std::uint64_t digest() const { return digest_; }
  bool verbose() const { return verbose_; }

 private:
  void append(Timestamp now, const std::string& line);

  bool verbose_;
  std::uint64_t digest_ = 0xcbf29ce484222325ULL;
  std::map<std::string, std::uint64_t> marks_;
  std::optional<Violation> violation_;
};

// FNV-1a: the same on every machine, good enough to compare logs.
std::uint64_t fnv(std::string_view bytes, std::uint64_t seed = 0xcbf29ce484222325ULL);

}  // namespace perdure::sim
