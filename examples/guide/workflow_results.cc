// The result of a workflow, or its error, never both. It prints
//   2 transfers, 30 in all
//   again, by its id: 30
//   failed: TransferError: the amount is negative
#include <perdure/perdure.h>

#include <iostream>

// [workflow]
struct Summary {
  int transfers = 0;
  int total = 0;
};

class Transfers {
 public:
  perdure::Task<Summary> run(std::vector<int> amounts) {
    Summary summary;
    for (const int amount : amounts) {
      if (amount < 0) {
        throw perdure::ApplicationError("the amount is negative", {.type = "TransferError"});
      }
      ++summary.transfers;
      summary.total += amount;
    }
    co_return summary;
  }
};
// [workflow]

int main(int argc, char** argv) {
  const auto client = perdure::Client::connect(argc > 1 ? argv[1] : "file:./state");
  perdure::Worker worker(
      client, {.task_queue = "transfers", .workflows = perdure::workflows<Transfers>(), .activities = {}});
  worker.start();

  // [result]
  // start_workflow gives a handle at once; result() waits.
  const auto handle = client.start_workflow<Transfers>({10, 20}, {.id = "good", .task_queue = "transfers"});
  const Summary summary = handle.result();
  std::cout << summary.transfers << " transfers, " << summary.total << " in all\n";

  // Any program that knows the id can ask for the result, as often as it likes.
  std::cout << "again, by its id: " << client.get_workflow_handle<Transfers>("good").result().total << "\n";

  try {
    client.execute_workflow<Transfers>({10, -20}, {.id = "bad", .task_queue = "transfers"});
  } catch (const perdure::WorkflowFailureError& error) {
    const auto* cause = dynamic_cast<const perdure::ApplicationError*>(error.cause().get());
    std::cout << "failed: " << cause->type() << ": " << cause->message() << "\n";
  }
  // [result]
}
