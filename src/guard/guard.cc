#include "guard/guard.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "guard/interpose.h"
#include "guard/where.h"
#include "perdure/workflow_unsafe.h"

namespace perdure::guard {
namespace {

constexpr std::size_t kMaxReported = 5;

}  // namespace

__thread Scope* t_scope = nullptr;

bool available() noexcept {
#ifdef PERDURE_GUARD_OFF
  return false;
#else
  return true;
#endif
}

void* find_real(const char* name) noexcept {
  void* found = dlsym(RTLD_NEXT, name);
  if (found == nullptr) {
    fmt::print(stderr,
               "perdure: the C library of this program has no {}; a program that is linked statically needs "
               "-DPERDURE_NO_GUARD=ON\n",
               name);
    std::abort();
  }
  return found;
}

Scope* scope_unless_unsafe() noexcept { return detail::is_unguarded() ? nullptr : t_scope; }

Scope::Scope() : outer_(t_scope) {
#ifndef PERDURE_GUARD_OFF
  link_time();
  link_random();
  link_processes();
  link_network();
  link_files();
  link_clients();
  prepare_backtrace();
#endif
  t_scope = this;
}

Scope::~Scope() { t_scope = outer_; }

bool Scope::note(const char* function, const char* what, const char* replacement) noexcept {
  t_scope = nullptr;  // what is called here is not the workflow's
  Violation violation{.function = function, .what = what, .replacement = replacement};
  const int depth = backtrace(violation.frames.data(), static_cast<int>(violation.frames.size()));
  violation.depth = static_cast<std::size_t>(depth);
  const bool allocator = made_by_allocator(violation);
  if (!allocator) {
    ++count_;
    if (violations_.size() < kMaxReported) {
      violations_.push_back(violation);
    }
  }
  t_scope = this;
  return !allocator;
}

std::string Scope::report() const {
  const detail::UnguardedScope unguarded;  // it reads the program's file
  std::vector<std::string> calls;          // the same call in a loop is told once
  for (const Violation& violation : violations_) {
    std::string call = fmt::format("called {} ({}){}: {}", violation.function, violation.what,
                                   describe_caller(violation), violation.replacement);
    if (std::find(calls.begin(), calls.end(), call) == calls.end()) {
      calls.push_back(std::move(call));
    }
  }
  std::string text = fmt::format("the workflow's code {}", fmt::join(calls, "; it "));
  if (count_ > calls.size()) {
    text += fmt::format("; and {} more such calls", count_ - calls.size());
  }
  return text +
         ". Workflow code is run again from its history and must do the same each time. What cannot change "
         "what "
         "it does may be wrapped in workflow::unsafe(…)";
}

}  // namespace perdure::guard
