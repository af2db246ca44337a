#pragma once
// Notices when code that must be deterministic calls what is not: clocks, random sources, sleeps, threads,
// processes, sockets, files, the environment. The functions of the C library are defined here once more;
// while a Scope is active on the calling thread they note the call and refuse it, otherwise they pass it on.
// None of them throws, as the library declares most of them noexcept.
//
// What cannot be noticed is listed in docs/guide/determinism.md.
#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace perdure::guard {

// False in builds with sanitizers, whose runtimes define the same functions, and without PERDURE_GUARD.
bool available() noexcept;

// One call that was refused.
struct Violation {
  const char* function = "";     // as the C library calls it: "clock_gettime"
  const char* what = "";         // what it is: "the machine's clock"
  const char* replacement = "";  // what to do instead: "use workflow::now()"
  std::array<void*, 24> frames{};
  std::size_t depth = 0;
};

// Code of a workflow runs on this thread while it lives; see detail::UnguardedScope for exceptions to that.
class Scope {
 public:
  Scope();
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  bool clean() const { return count_ == 0; }
  // What happened, for the one who wrote the workflow: each call, its place, its replacement.
  std::string report() const;

  // For the functions that are guarded. False: the call is not the workflow's but its memory allocator's, and
  // has to be passed on.
  bool note(const char* function, const char* what, const char* replacement) noexcept;
  // Refused calls so far: makes the times and numbers that they give differ, so that no loop waits for ever.
  std::size_t count() const { return count_; }

 private:
  Scope* outer_;
  std::vector<Violation> violations_;  // the first few
  std::size_t count_ = 0;
};

}  // namespace perdure::guard
