// expect: no matching function for call to object of type
#include "common.h"

perdure::Task<int> code() { co_return co_await perdure::workflow::execute_activity<add>(1); }
