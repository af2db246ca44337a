// expect: static assertion failed.*perdure: only Perdure's own awaitables can be awaited here
#include "common.h"

perdure::Task<void> code() { co_await std::suspend_always{}; }
