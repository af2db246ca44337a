#pragma once
// Checks for programmer errors. They stay on in release: a wrong state that is written to disk is worse than a stop.
// Data from a disk, a wire or a user is never a check; it gets a Status.
#include <source_location>
#include <stdexcept>
#include <string>

namespace perdure {

// An invariant of ours did not hold. Thrown, not aborted: the shell quarantines the run whose transition threw
// (design principle 3), and aborts only where shared state is broken.
class CheckFailure : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

// Throws CheckFailure with the place unless `holds`.
inline void check(bool holds, const char* what,
                  std::source_location where = std::source_location::current()) {
  if (holds) [[likely]] {
    return;
  }
  throw CheckFailure(std::string(where.file_name()) + ":" + std::to_string(where.line()) +
                     ": check failed: " + what);
}

}  // namespace perdure
