// Clocks and sleeps. A refused clock gives the workflow's time, a little later each time, so that a loop that
// waits for it ends. Those that do not count from 1970 give their own time, a little later each time as well:
// waits with a limit (condition variables, futures) reckon their end with them, and the system waits by its
// own clock.
#include "guard/interpose.h"

// After interpose.h, which switches inline versions of these functions off.
#include <poll.h>
#include <sys/select.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <chrono>

#include "perdure/detail/workflow_context.h"

namespace perdure::guard {

void link_time() {}

}  // namespace perdure::guard

#ifndef PERDURE_GUARD_OFF

namespace {

using perdure::guard::kClock;
using perdure::guard::kSleep;
using perdure::guard::Real;
using perdure::guard::refuse;
using perdure::guard::Scope;

std::chrono::nanoseconds workflow_time(const Scope& scope) {
  const auto* context = perdure::detail::current_context_or_null();
  const auto now = context != nullptr ? context->now() : std::chrono::system_clock::time_point();
  return now.time_since_epoch() + std::chrono::milliseconds(scope.count());
}

timespec to_timespec(std::chrono::nanoseconds time) {
  return {.tv_sec = time.count() / 1'000'000'000, .tv_nsec = time.count() % 1'000'000'000};
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* out) noexcept {
  static constinit Real<decltype(&clock_gettime)> real("clock_gettime");
  const Scope* scope = refuse("clock_gettime", kClock);
  if (scope == nullptr) {
    return real(clock, out);
  }
  if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE && clock != CLOCK_TAI) {
    const int result = real(clock, out);
    *out = to_timespec(std::chrono::seconds(out->tv_sec) + std::chrono::nanoseconds(out->tv_nsec) +
                       std::chrono::milliseconds(scope->count()));
    return result;
  }
  *out = to_timespec(workflow_time(*scope));
  return 0;
}

int gettimeofday(timeval* out, void* zone) noexcept {
  static constinit Real<decltype(&gettimeofday)> real("gettimeofday");
  const Scope* scope = refuse("gettimeofday", kClock);
  if (scope == nullptr) {
    return real(out, zone);
  }
  const timespec now = to_timespec(workflow_time(*scope));
  *out = {.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
  return 0;
}

time_t time(time_t* out) noexcept {
  static constinit Real<decltype(&time)> real("time");
  const Scope* scope = refuse("time", kClock);
  if (scope == nullptr) {
    return real(out);
  }
  const time_t now = to_timespec(workflow_time(*scope)).tv_sec;
  if (out != nullptr) {
    *out = now;
  }
  return now;
}

int timespec_get(timespec* out, int base) noexcept {
  static constinit Real<decltype(&timespec_get)> real("timespec_get");
  const Scope* scope = refuse("timespec_get", kClock);
  if (scope == nullptr) {
    return real(out, base);
  }
  *out = to_timespec(workflow_time(*scope));
  return base;
}

clock_t clock() noexcept {
  static constinit Real<decltype(&clock)> real("clock");
  const Scope* scope = refuse("clock", kClock);
  return scope == nullptr ? real() : static_cast<clock_t>(scope->count() * 1000);
}

unsigned sleep(unsigned seconds) {
  static constinit Real<decltype(&sleep)> real("sleep");
  return refuse("sleep", kSleep) == nullptr ? real(seconds) : 0;
}

int usleep(useconds_t duration) {  // perdure-allow: refuses it
  static constinit Real<decltype(&usleep)> real("usleep");
  return refuse("usleep", kSleep) == nullptr ? real(duration) : 0;
}

int nanosleep(const timespec* duration, timespec* left) {  // perdure-allow: refuses it
  static constinit Real<decltype(&nanosleep)> real("nanosleep");
  return refuse("nanosleep", kSleep) == nullptr ? real(duration, left) : 0;
}

int clock_nanosleep(clockid_t clock, int flags,  // perdure-allow: refuses it
                    const timespec* duration, timespec* left) {
  static constinit Real<decltype(&clock_nanosleep)> real("clock_nanosleep");
  return refuse("clock_nanosleep", kSleep) == nullptr ? real(clock, flags, duration, left) : 0;
}

int poll(pollfd* descriptors, nfds_t count, int timeout) {
  static constinit Real<decltype(&poll)> real("poll");
  return refuse("poll", kSleep) == nullptr ? real(descriptors, count, timeout) : 0;
}

int select(int count, fd_set* reads, fd_set* writes, fd_set* errors, timeval* timeout) {
  static constinit Real<decltype(&select)> real("select");
  return refuse("select", kSleep) == nullptr ? real(count, reads, writes, errors, timeout) : 0;
}

}  // extern "C"

#endif
