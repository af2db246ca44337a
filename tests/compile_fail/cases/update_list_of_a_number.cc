// expect: static assertion failed.*perdure: updates<…> takes member functions of the workflow class
#include "common.h"

constexpr auto bad = perdure::updates<7>();
