// expect: no matching member function for call to 'start_workflow'
#include "client_common.h"

auto code(const perdure::Client& client) { return client.start_workflow<Greets>({.greeting = "x"}, 3); }
