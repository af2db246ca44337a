// Changing a running workflow, with an answer. It prints
//   two pounds of tea: 24
//   refused: a cart holds at most 10 of a thing
//   and a kettle: 54
//   paid 54
#include <perdure/perdure.h>

#include <iostream>
#include <map>

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;

struct Item {
  std::string name;
  int price = 0;
  int count = 1;
};

int reserve(const Item& item) { return item.price * item.count; }

// [workflow]
class Cart {
 public:
  perdure::Task<int> run() {
    co_await workflow::wait_condition([this] { return paid_ && workflow::all_handlers_finished(); });
    co_return total_;
  }
  // Returns the new total.
  perdure::Task<int> add(Item item) {
    total_ += co_await workflow::execute_activity<reserve>(item, {.start_to_close_timeout = 10s});
    co_return total_;
  }
  void check(const Item& item) const {
    if (item.count > 10) {
      throw perdure::ApplicationError("a cart holds at most 10 of a thing");
    }
  }
  int pay() {
    paid_ = true;
    return total_;
  }

  static constexpr auto updates =
      perdure::updates<perdure::validated_by<&Cart::add, &Cart::check>, &Cart::pay>();

 private:
  int total_ = 0;
  bool paid_ = false;
};
// [workflow]

int main(int argc, char** argv) {
  const auto client = perdure::Client::connect(argc > 1 ? argv[1] : "file:./state");
  perdure::Worker worker(client, {.task_queue = "carts",
                                  .workflows = perdure::workflows<Cart>(),
                                  .activities = perdure::activities<reserve>()});
  worker.start();
  // [client]
  const auto cart = client.start_workflow<Cart>({.id = "cart-1", .task_queue = "carts"});
  const int total = cart.execute_update<&Cart::add>({.name = "tea", .price = 12, .count = 2});
  std::cout << "two pounds of tea: " << total << "\n";
  try {
    cart.execute_update<&Cart::add>({.name = "tea", .price = 12, .count = 11});
  } catch (const perdure::WorkflowUpdateFailedError& error) {
    std::cout << "refused: " << error.cause()->what() << "\n";
  }
  // [client]
  // [handle]
  const auto kettle = cart.start_update<&Cart::add>({.name = "kettle", .price = 30}, {.id = "add-kettle"});
  std::cout << "and a kettle: " << kettle.result() << "\n";
  // The same update, by its id, in any program.
  const auto same = cart.get_update_handle<&Cart::add>("add-kettle");
  // [handle]
  same.result();
  // [with_start]
  auto start = client.with_start_workflow<Cart>(
      {.id = "cart-1",
       .task_queue = "carts",
       .id_conflict_policy = perdure::WorkflowIdConflictPolicy::kUseExisting});
  const int paid = client.execute_update_with_start_workflow<&Cart::pay>(start);
  // [with_start]
  std::cout << "paid " << paid << "\n";
  start.workflow_handle().result();
}
