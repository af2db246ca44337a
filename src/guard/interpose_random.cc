// Random sources and the environment. A refused source counts.
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include <cstring>
#include <random>

#include "guard/interpose.h"

namespace perdure::guard {

void link_random() {}

}  // namespace perdure::guard

#ifndef PERDURE_GUARD_OFF

namespace {

using perdure::guard::kEnvironment;
using perdure::guard::kRandom;
using perdure::guard::Real;
using perdure::guard::refuse;
using perdure::guard::Scope;

int count_of(const Scope* scope) { return static_cast<int>(scope->count() & 0x7fffffff); }

}  // namespace

extern "C" {

int rand() noexcept {
  static constinit Real<decltype(&rand)> real("rand");
  const Scope* scope = refuse("rand", kRandom);
  return scope == nullptr ? real() : count_of(scope);
}

void srand(unsigned seed) noexcept {
  static constinit Real<decltype(&srand)> real("srand");
  if (refuse("srand", kRandom) == nullptr) {
    real(seed);
  }
}

long random() noexcept {  // NOLINT(google-runtime-int): the library's own type
  static constinit Real<decltype(&random)> real("random");
  const Scope* scope = refuse("random", kRandom);
  return scope == nullptr ? real() : count_of(scope);
}

void srandom(unsigned seed) noexcept {
  static constinit Real<decltype(&srandom)> real("srandom");
  if (refuse("srandom", kRandom) == nullptr) {
    real(seed);
  }
}

double drand48() noexcept {
  static constinit Real<decltype(&drand48)> real("drand48");
  const Scope* scope = refuse("drand48", kRandom);
  return scope == nullptr ? real() : static_cast<double>(count_of(scope) % 997) / 997;
}

long lrand48() noexcept {  // NOLINT(google-runtime-int)
  static constinit Real<decltype(&lrand48)> real("lrand48");
  const Scope* scope = refuse("lrand48", kRandom);
  return scope == nullptr ? real() : count_of(scope);
}

long mrand48() noexcept {  // NOLINT(google-runtime-int)
  static constinit Real<decltype(&mrand48)> real("mrand48");
  const Scope* scope = refuse("mrand48", kRandom);
  return scope == nullptr ? real() : count_of(scope);
}

unsigned arc4random() noexcept {
  static constinit Real<decltype(&arc4random)> real("arc4random");
  const Scope* scope = refuse("arc4random", kRandom);
  return scope == nullptr ? real() : static_cast<unsigned>(count_of(scope));
}

void arc4random_buf(void* out, size_t size) noexcept {
  static constinit Real<decltype(&arc4random_buf)> real("arc4random_buf");
  const Scope* scope = refuse("arc4random_buf", kRandom);
  if (scope == nullptr) {
    real(out, size);
  } else {
    std::memset(out, count_of(scope), size);
  }
}

unsigned arc4random_uniform(unsigned bound) noexcept {
  static constinit Real<decltype(&arc4random_uniform)> real("arc4random_uniform");
  const Scope* scope = refuse("arc4random_uniform", kRandom);
  if (scope == nullptr) {
    return real(bound);
  }
  return bound == 0 ? 0 : static_cast<unsigned>(count_of(scope)) % bound;
}

ssize_t getrandom(void* out, size_t size, unsigned flags) {
  static constinit Real<decltype(&getrandom)> real("getrandom");
  const Scope* scope = refuse("getrandom", kRandom);
  if (scope == nullptr) {
    return real(out, size, flags);
  }
  std::memset(out, count_of(scope), size);
  return static_cast<ssize_t>(size);
}

int getentropy(void* out, size_t size) {
  static constinit Real<decltype(&getentropy)> real("getentropy");
  const Scope* scope = refuse("getentropy", kRandom);
  if (scope == nullptr) {
    return real(out, size);
  }
  std::memset(out, count_of(scope), size);
  return 0;
}

char* getenv(const char* name) noexcept {
  static constinit Real<decltype(&getenv)> real("getenv");
  return refuse("getenv", kEnvironment) == nullptr ? real(name) : nullptr;
}

char* secure_getenv(const char* name) noexcept {
  static constinit Real<decltype(&secure_getenv)> real("secure_getenv");
  return refuse("secure_getenv", kEnvironment) == nullptr ? real(name) : nullptr;
}

pid_t getpid() noexcept {
  static constinit Real<decltype(&getpid)> real("getpid");
  return refuse("getpid", kEnvironment) == nullptr ? real() : 1;
}

int gethostname(char* name, size_t size) noexcept {
  static constinit Real<decltype(&gethostname)> real("gethostname");
  return refuse("gethostname", kEnvironment) == nullptr ? real(name, size) : perdure::guard::denied();
}

}  // extern "C"

// std::random_device reads the processor's own source, and the C library nothing of it. Weak, for programs
// that hold their own copy of the C++ library.
namespace std {

__attribute__((weak)) random_device::result_type random_device::_M_getval() {
  using Function = random_device::result_type (*)(random_device*);
  static constinit Real<Function> real("_ZNSt13random_device9_M_getvalEv");
  const Scope* scope = refuse("std::random_device", kRandom);
  return scope == nullptr ? real(this) : static_cast<random_device::result_type>(count_of(scope));
}

}  // namespace std

#endif
