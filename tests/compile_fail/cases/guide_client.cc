// expect: static assertion failed.*perdure: a client cannot cross.*use activity::client\(\) in an activity
#include "perdure/client.h"

#include "common.h"

class Bad {
 public:
  perdure::Task<int> run(perdure::Client client);
};
const auto definition = perdure::detail::workflow_definition<Bad>();
