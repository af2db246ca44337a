// expect: error: #error "perdure: workflows need g\+\+ 14
#include "perdure/workflow.h"
