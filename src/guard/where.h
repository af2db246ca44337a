#pragma once
// Whose code made a call, from the addresses on its stack.
#include <string>

#include "guard/guard.h"

namespace perdure::guard {

// " in Order::run(int) (order+0x1234)": the innermost function that belongs neither to the C and C++
// libraries nor to the guard. The name is there unless the program was stripped; the offset is what addr2line
// takes.
std::string describe_caller(const Violation& violation);

}  // namespace perdure::guard
