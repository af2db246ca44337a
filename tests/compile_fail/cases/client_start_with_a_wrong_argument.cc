// expect: no known conversion from 'const char\[2\]' to .*int
#include "client_common.h"

auto code(const perdure::Client& client) {
  return client.start_workflow<Greets>({.greeting = "x"}, "3", {.id = "w", .task_queue = "q"});
}
