// expect: static assertion failed.*perdure: an activity needs start_to_close_timeout or schedule_to_close_timeout
#include "common.h"

perdure::Task<int> code() { co_return co_await perdure::workflow::execute_activity<add>(1, 2); }
