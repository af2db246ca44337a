// A workflow that the static check must find nothing in.
#include <map>
#include <string>
#include <vector>

#include "perdure/worker.h"
#include "perdure/workflow.h"

namespace guard_test {

std::string greet(const std::string& name);

class Clean {
 public:
  perdure::Task<std::vector<std::string>> run(std::map<std::string, int> who) {
    std::vector<std::string> greetings;
    for (const auto& [name, times] : who) {
      co_await perdure::workflow::sleep(std::chrono::seconds(times));
      if (times < 0) {
        throw perdure::ApplicationError("never");
      }
      perdure::workflow::logger().info("greets", {{"name", name}});
      greetings.push_back(co_await perdure::workflow::execute_activity<greet>(
          name, {.start_to_close_timeout = std::chrono::seconds(10)}));
    }
    co_return greetings;
  }
};

// Makes all of its code part of this object.
perdure::detail::WorkflowDefinition clean_workflow();
perdure::detail::WorkflowDefinition clean_workflow() { return perdure::detail::workflow_definition<Clean>(); }

}  // namespace guard_test
