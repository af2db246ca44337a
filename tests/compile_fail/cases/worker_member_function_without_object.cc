// expect: static assertion failed.*perdure: a member function needs its object
#include "client_common.h"

const auto list = perdure::activities<&Mailer::send>();
