#pragma once
// Refuses compilers whose coroutines were seen to corrupt memory, leak or fail (see docs/dependencies.md).
// Include this before defining coroutines; headers for clients and activities compile with older ones.
#ifndef PERDURE_UNSUPPORTED_COMPILER_OK
#if defined(__clang__)
#if __clang_major__ < 17
#error \
    "perdure: workflows need clang 17 or newer (older ones leak in coroutines); define PERDURE_UNSUPPORTED_COMPILER_OK to try this one anyway."
#endif
#elif defined(__GNUC__)
#if __GNUC__ < 14 || (__GNUC__ == 15 && __GNUC_MINOR__ < 3)
#error \
    "perdure: workflows need g++ 14, or 15.3 or newer, or clang 17 or newer (g++ before 14 and 15.0 to 15.2 miscompile coroutines); define PERDURE_UNSUPPORTED_COMPILER_OK to try this one anyway."
#endif
#endif
#endif
