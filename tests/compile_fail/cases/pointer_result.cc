// expect: static assertion failed.*perdure: a raw pointer or reference cannot cross a workflow or activity boundary
#include "common.h"

Point* find(int id);
perdure::Task<void> code() {
  co_await perdure::workflow::execute_activity<find>(1, {.start_to_close_timeout = 10s});
}
