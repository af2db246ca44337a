// No workflow here: errors, options, names and tasks are for compilers that cannot be trusted with coroutines too.
#include "perdure/error.h"
#include "perdure/names.h"
#include "perdure/task.h"
#include "perdure/workflow_options.h"

int main() {}
