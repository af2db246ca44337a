// Files by name. What is open already, as standard output, stays usable.
#include "guard/interpose.h"

// After interpose.h, which switches inline versions of these functions off.
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdarg>

namespace perdure::guard {

void link_files() {}

}  // namespace perdure::guard

#ifndef PERDURE_GUARD_OFF

namespace {

using perdure::guard::denied;
using perdure::guard::denied_pointer;
using perdure::guard::kFile;
using perdure::guard::Real;
using perdure::guard::refuse;

bool has_mode(int flags) { return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE; }

// The mode that follows `flags`, if there is one.
mode_t mode_of(int flags, va_list rest) { return has_mode(flags) ? va_arg(rest, mode_t) : 0; }

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  static constinit Real<int (*)(const char*, int, mode_t)> real("open");
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return refuse("open", kFile) == nullptr ? real(path, flags, mode) : denied();
}

int open64(const char* path, int flags, ...) {
  static constinit Real<int (*)(const char*, int, mode_t)> real("open64");
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return refuse("open64", kFile) == nullptr ? real(path, flags, mode) : denied();
}

int openat(int directory, const char* path, int flags, ...) {
  static constinit Real<int (*)(int, const char*, int, mode_t)> real("openat");
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return refuse("openat", kFile) == nullptr ? real(directory, path, flags, mode) : denied();
}

int openat64(int directory, const char* path, int flags, ...) {
  static constinit Real<int (*)(int, const char*, int, mode_t)> real("openat64");
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return refuse("openat64", kFile) == nullptr ? real(directory, path, flags, mode) : denied();
}

// What open() becomes with _FORTIFY_SOURCE.
int __open_2(const char* path, int flags);  // NOLINT(bugprone-reserved-identifier): the library's name
int __open_2(const char* path, int flags) {
  static constinit Real<int (*)(const char*, int)> real("__open_2");
  return refuse("open", kFile) == nullptr ? real(path, flags) : denied();
}
int __open64_2(const char* path, int flags);  // NOLINT(bugprone-reserved-identifier)
int __open64_2(const char* path, int flags) {
  static constinit Real<int (*)(const char*, int)> real("__open64_2");
  return refuse("open", kFile) == nullptr ? real(path, flags) : denied();
}

int creat(const char* path, mode_t mode) {
  static constinit Real<decltype(&creat)> real("creat");
  return refuse("creat", kFile) == nullptr ? real(path, mode) : denied();
}

FILE* fopen(const char* path, const char* mode) {
  static constinit Real<FILE* (*)(const char*, const char*)> real("fopen");
  return refuse("fopen", kFile) == nullptr ? real(path, mode) : denied_pointer<FILE>();
}

FILE* fopen64(const char* path, const char* mode) {
  static constinit Real<FILE* (*)(const char*, const char*)> real("fopen64");
  return refuse("fopen64", kFile) == nullptr ? real(path, mode) : denied_pointer<FILE>();
}

FILE* freopen(const char* path, const char* mode, FILE* file) {
  static constinit Real<FILE* (*)(const char*, const char*, FILE*)> real("freopen");
  return refuse("freopen", kFile) == nullptr ? real(path, mode, file) : denied_pointer<FILE>();
}

DIR* opendir(const char* path) {
  static constinit Real<DIR* (*)(const char*)> real("opendir");
  return refuse("opendir", kFile) == nullptr ? real(path) : denied_pointer<DIR>();
}

int stat(const char* path, struct stat* out) noexcept {
  static constinit Real<int (*)(const char*, struct stat*)> real("stat");
  return refuse("stat", kFile) == nullptr ? real(path, out) : denied();
}

int lstat(const char* path, struct stat* out) noexcept {
  static constinit Real<int (*)(const char*, struct stat*)> real("lstat");
  return refuse("lstat", kFile) == nullptr ? real(path, out) : denied();
}

int access(const char* path, int mode) noexcept {
  static constinit Real<decltype(&access)> real("access");
  return refuse("access", kFile) == nullptr ? real(path, mode) : denied();
}

int unlink(const char* path) noexcept {
  static constinit Real<decltype(&unlink)> real("unlink");
  return refuse("unlink", kFile) == nullptr ? real(path) : denied();
}

int remove(const char* path) noexcept {
  static constinit Real<decltype(&remove)> real("remove");
  return refuse("remove", kFile) == nullptr ? real(path) : denied();
}

int rename(const char* from, const char* to) noexcept {
  static constinit Real<decltype(&rename)> real("rename");
  return refuse("rename", kFile) == nullptr ? real(from, to) : denied();
}

int mkdir(const char* path, mode_t mode) noexcept {
  static constinit Real<decltype(&mkdir)> real("mkdir");
  return refuse("mkdir", kFile) == nullptr ? real(path, mode) : denied();
}

int rmdir(const char* path) noexcept {
  static constinit Real<decltype(&rmdir)> real("rmdir");
  return refuse("rmdir", kFile) == nullptr ? real(path) : denied();
}

int mkstemp(char* pattern) {
  static constinit Real<decltype(&mkstemp)> real("mkstemp");
  return refuse("mkstemp", kFile) == nullptr ? real(pattern) : denied();
}

}  // extern "C"

#endif
