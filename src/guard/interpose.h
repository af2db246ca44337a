#pragma once
// For the files that define functions of the C library.
#undef _FORTIFY_SOURCE  // whose inline versions stand in the way of a definition

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define PERDURE_GUARD_OFF 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(PERDURE_NO_GUARD)
#define PERDURE_GUARD_OFF 1
#endif

#include <atomic>
#include <cerrno>
#include <utility>

#include "guard/guard.h"

namespace perdure::guard {

// The next definition of a function after the one of this program: the C library's.
void* find_real(const char* name) noexcept;

template <class Function>
class Real {
 public:
  constexpr explicit Real(const char* name) : name_(name) {}

  template <class... A>
  auto operator()(A... arguments) noexcept(noexcept(std::declval<Function>()(arguments...))) {
    Function function = function_.load(std::memory_order_relaxed);
    if (function == nullptr) {
      function = reinterpret_cast<Function>(find_real(name_));
      function_.store(function, std::memory_order_relaxed);
    }
    return function(arguments...);
  }

 private:
  const char* name_;
  std::atomic<Function> function_ = nullptr;
};

// What is refused, and what to do instead.
struct Rule {
  const char* what;
  const char* replacement;
};
inline constexpr Rule kClock{"the machine's clock", "use workflow::now()"};
inline constexpr Rule kSleep{"a sleep", "use co_await workflow::sleep(…)"};
inline constexpr Rule kRandom{"a random source", "use workflow::random() or workflow::uuid4()"};
inline constexpr Rule kThread{"a thread",
                              "start an activity, or run tasks side by side with workflow::all(…)"};
inline constexpr Rule kProcess{"another process", "start it in an activity"};
inline constexpr Rule kNetwork{"the network", "use it in an activity"};
inline constexpr Rule kFile{"a file", "read and write files in an activity"};
inline constexpr Rule kClient{"a client", "use activity::client() in an activity"};
inline constexpr Rule kEnvironment{"the machine's environment", "pass it to the workflow as a parameter"};

// The scope that the calling thread's code belongs to; null: anything is allowed.
extern __thread Scope* t_scope __attribute__((tls_model("initial-exec")));

Scope* scope_unless_unsafe() noexcept;

// Null: pass the call on. Otherwise it was noted, and has to be refused.
inline Scope* refuse(const char* function, const Rule& rule) noexcept {
  if (t_scope == nullptr) [[likely]] {
    return nullptr;
  }
  Scope* scope = scope_unless_unsafe();
  const bool refused = scope != nullptr && scope->note(function, rule.what, rule.replacement);
  return refused ? scope : nullptr;
}

// What a refused call gives.
inline int denied() noexcept {
  errno = EPERM;
  return -1;
}
template <class T>
T* denied_pointer() noexcept {
  errno = EPERM;
  return nullptr;
}

// An archive gives a program only the objects that something refers to: guard.cc refers to these.
void link_time();
void link_random();
void link_processes();
void link_network();
void link_files();
void link_clients();

}  // namespace perdure::guard
