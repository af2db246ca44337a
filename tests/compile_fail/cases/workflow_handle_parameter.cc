// expect: static assertion failed.*perdure: a workflow handle cannot cross.*pass the workflow's id
#include "perdure/client.h"

#include "common.h"

class Order {
 public:
  perdure::Task<int> run();
};
class Bad {
 public:
  perdure::Task<int> run(perdure::WorkflowHandle<Order> order);
};
const auto definition = perdure::detail::workflow_definition<Bad>();
