// Threads and processes.
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <vector>

#include "guard/interpose.h"

namespace perdure::guard {

void link_processes() {}

}  // namespace perdure::guard

#ifndef PERDURE_GUARD_OFF

namespace {

using perdure::guard::denied;
using perdure::guard::kProcess;
using perdure::guard::kThread;
using perdure::guard::Real;
using perdure::guard::refuse;

// The arguments of execl() and its like, with the null at their end.
std::vector<char*> collect(const char* first, va_list rest) {
  std::vector<char*> arguments{const_cast<char*>(first)};
  while (arguments.back() != nullptr) {
    arguments.push_back(va_arg(rest, char*));
  }
  return arguments;
}

template <class Execute>
int execute_listed(const char* function, const char* first, va_list rest, Execute execute) {
  return refuse(function, kProcess) == nullptr ? execute(collect(first, rest).data()) : denied();
}

}  // namespace

extern "C" {

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*),
                   void* argument) noexcept {
  static constinit Real<decltype(&pthread_create)> real("pthread_create");
  return refuse("pthread_create", kThread) == nullptr ? real(thread, attributes, run, argument) : EAGAIN;
}

pid_t fork() noexcept {
  static constinit Real<decltype(&fork)> real("fork");
  return refuse("fork", kProcess) == nullptr ? real() : denied();
}

int system(const char* command) {
  static constinit Real<decltype(&system)> real("system");
  return refuse("system", kProcess) == nullptr ? real(command) : denied();
}

FILE* popen(const char* command, const char* mode) {
  static constinit Real<FILE* (*)(const char*, const char*)> real("popen");
  if (refuse("popen", kProcess) == nullptr) {
    return real(command, mode);
  }
  return perdure::guard::denied_pointer<FILE>();
}

int posix_spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                const posix_spawnattr_t* attributes, char* const* arguments, char* const* environment) {
  static constinit Real<decltype(&posix_spawn)> real("posix_spawn");
  return refuse("posix_spawn", kProcess) == nullptr
             ? real(pid, path, actions, attributes, arguments, environment)
             : EPERM;
}

int posix_spawnp(pid_t* pid, const char* file, const posix_spawn_file_actions_t* actions,
                 const posix_spawnattr_t* attributes, char* const* arguments, char* const* environment) {
  static constinit Real<decltype(&posix_spawnp)> real("posix_spawnp");
  return refuse("posix_spawnp", kProcess) == nullptr
             ? real(pid, file, actions, attributes, arguments, environment)
             : EPERM;
}

int execve(const char* path, char* const* arguments, char* const* environment) noexcept {
  static constinit Real<decltype(&execve)> real("execve");
  return refuse("execve", kProcess) == nullptr ? real(path, arguments, environment) : denied();
}

int execv(const char* path, char* const* arguments) noexcept {
  static constinit Real<decltype(&execv)> real("execv");
  return refuse("execv", kProcess) == nullptr ? real(path, arguments) : denied();
}

int execvp(const char* file, char* const* arguments) noexcept {
  static constinit Real<decltype(&execvp)> real("execvp");
  return refuse("execvp", kProcess) == nullptr ? real(file, arguments) : denied();
}

int execvpe(const char* file, char* const* arguments, char* const* environment) noexcept {
  static constinit Real<decltype(&execvpe)> real("execvpe");
  return refuse("execvpe", kProcess) == nullptr ? real(file, arguments, environment) : denied();
}

int execl(const char* path, const char* first, ...) noexcept {
  va_list rest;
  va_start(rest, first);
  const int result =
      execute_listed("execl", first, rest, [&](char* const* arguments) { return execv(path, arguments); });
  va_end(rest);
  return result;
}

int execlp(const char* file, const char* first, ...) noexcept {
  va_list rest;
  va_start(rest, first);
  const int result =
      execute_listed("execlp", first, rest, [&](char* const* arguments) { return execvp(file, arguments); });
  va_end(rest);
  return result;
}

int execle(const char* path, const char* first, ...) noexcept {
  if (refuse("execle", kProcess) != nullptr) {
    return denied();
  }
  va_list rest;
  va_start(rest, first);
  const std::vector<char*> arguments = collect(first, rest);
  char* const* environment = va_arg(rest, char* const*);
  va_end(rest);
  return execve(path, arguments.data(), environment);
}

}  // extern "C"

#endif
