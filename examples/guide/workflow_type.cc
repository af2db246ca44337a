// The names of workflow types. It prints
//   Shipment
//   express-shipment
//   whatever-was-asked-for, with 2 arguments
#include <perdure/perdure.h>

#include <iostream>

namespace workflow = perdure::workflow;

// [names]
namespace logistics {

class Shipment {  // "Shipment": the class, without its namespaces
 public:
  perdure::Task<std::string> run() { co_return workflow::info().workflow_type; }
};

class ExpressShipment {
 public:
  static constexpr std::string_view workflow_name = "express-shipment";
  perdure::Task<std::string> run() { co_return workflow::info().workflow_type; }
};

class AnythingElse {  // runs every type that is not registered
 public:
  static constexpr bool dynamic_workflow = true;
  perdure::Task<std::string> run(perdure::Payloads arguments) {
    co_return workflow::info().workflow_type + ", with " + std::to_string(arguments.size()) + " arguments";
  }
};

}  // namespace logistics
// [names]

int main(int argc, char** argv) {
  using namespace logistics;
  const auto client = perdure::Client::connect(argc > 1 ? argv[1] : "file:./state");
  perdure::Worker worker(
      client,
      {.task_queue = "names", .workflows = perdure::workflows<Shipment, ExpressShipment, AnythingElse>()});
  worker.start();
  std::cout << client.execute_workflow<Shipment>({.id = "one", .task_queue = "names"}) << "\n";
  std::cout << client.execute_workflow<ExpressShipment>({.id = "two", .task_queue = "names"}) << "\n";
  // [by_name]
  const auto handle = client.start_workflow_by_name<std::string>(
      "whatever-was-asked-for", {.id = "three", .task_queue = "names"}, "first", 2);
  // [by_name]
  std::cout << handle.result() << "\n";
}
