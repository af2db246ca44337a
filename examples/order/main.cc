// perdure-order [TARGET]: one order that succeeds, and one whose card is declined after its articles were
// reserved.
#include <iostream>

#include "order.h"

namespace {

void place(const perdure::Client& client, const order::Order& order) {
  try {
    const std::string parcel = client.execute_workflow<order::PlaceOrder>(
        order, {.id = "order-" + order.id, .task_queue = "orders"});
    std::cout << "order " << order.id << ": " << parcel << "\n";
  } catch (const perdure::WorkflowFailureError& error) {
    std::cout << "order " << order.id << " failed: " << error.cause()->cause()->message() << "\n";
  }
}

}  // namespace

int main(int argc, char** argv) try {
  auto client = perdure::Client::connect(argc > 1 ? argv[1] : "file:./state");
  perdure::Worker worker(
      client,
      {.task_queue = "orders",
       .workflows = perdure::workflows<order::PlaceOrder>(),
       .activities =
           perdure::activities<order::reserve, order::release, order::charge, order::refund, order::ship>()});
  worker.start();
  place(client, {.id = "17", .items = {{"lamp", 1}, {"bulb", 2}}, .card = "4711", .cents = 3990});
  place(client, {.id = "18", .items = {{"lamp", 1}, {"bulb", 2}}, .card = "", .cents = 3990});
} catch (const perdure::PerdureError& error) {
  std::cerr << "perdure-order: " << error.what() << "\n";
  return 1;
}
