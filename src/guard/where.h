#pragma once
// Whose code made a call, from the addresses on its stack.
#include <string>

#include "guard/guard.h"

namespace perdure::guard {

// " in Order::run(int) (order+0x1234)": the innermost function that belongs neither to the C and C++
// libraries nor to the guard. The name is there unless the program was stripped; the offset is what addr2line
// takes.
std::string describe_caller(const Violation& violation);

// Allocators look at the clock and at files of the system now and then, whoever asks them for memory. True if
// the call came from the shared library that gives this program its malloc, or from a function of the program
// that is one of malloc's or operator new's. Allocates nothing.
bool made_by_allocator(const Violation& violation) noexcept;

// To be called before the first made_by_allocator(), where memory may be allocated.
void prepare_backtrace() noexcept;

}  // namespace perdure::guard
