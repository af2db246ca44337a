// expect: static assertion failed.*perdure: an activity is a function or a member function
#include "common.h"

perdure::Task<void> code() { co_await perdure::workflow::execute_activity<42>(1); }
