#pragma once
// C++ twins of workflows whose histories the official SDKs keep as test data: the same commands in the same
// order, under the same names. What a twin computes does not matter, only what it asks for and when.
#include <perdure/perdure.h>

namespace twins {

perdure::Workflows all();

}  // namespace twins
