// expect: static assertion failed.*perdure: a child is a workflow class: execute_child_workflow<Report>
#include "common.h"

struct NoWorkflow {};
perdure::Task<int> run() {
  co_await perdure::workflow::execute_child_workflow<NoWorkflow>();
  co_return 0;
}
