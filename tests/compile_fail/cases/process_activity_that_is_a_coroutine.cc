// expect: static assertion failed.*perdure: a process activity is an ordinary function, not a coroutine
#include "common.h"
#include "perdure/process_activities.h"

perdure::Task<int> later(int n) { co_return n; }
perdure::Activities list() { return perdure::process_activities<later>(); }
