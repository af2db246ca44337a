// perdure-cart [TARGET]: a shopping cart whose every change has an answer.
#include <perdure/perdure.h>

#include <iostream>
#include <map>
#include <string>

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;

struct Item {
  std::string name;
  std::int64_t cents = 0;
  int count = 1;
};

// What is left of it on the shelves.
int stock(const std::string& name) { return name == "unicorn" ? 0 : 100; }
std::string charge(std::int64_t cents) { return "receipt over " + std::to_string(cents) + " cents"; }

// [workflow]
class Cart {
 public:
  perdure::Task<std::int64_t> run() {
    co_await workflow::wait_condition(
        [this] { return !receipt_.empty() && workflow::all_handlers_finished(); });
    co_return total();
  }

  // Gives the new total.
  perdure::Task<std::int64_t> add(Item item) {
    const int left = co_await workflow::execute_activity<stock>(item.name, {.start_to_close_timeout = 10s});
    if (left < item.count) {
      throw perdure::ApplicationError("no " + item.name + " left", {.type = "SoldOut"});
    }
    Item& known = items_[item.name];
    item.count += known.count * static_cast<int>(known.cents > 0);
    known = item;
    co_return total();
  }
  // Refused before anything of it is in the history.
  void check_item(const Item& item) const {
    if (item.count < 1 || item.cents < 1) {
      throw perdure::ApplicationError("an item has a price and a count", {.type = "BadItem"});
    }
    if (!receipt_.empty()) {
      throw perdure::ApplicationError("the cart is paid", {.type = "Paid"});
    }
  }
  perdure::Task<std::string> check_out() {
    receipt_ = co_await workflow::execute_activity<charge>(total(), {.start_to_close_timeout = 10s});
    co_return receipt_;
  }
  std::int64_t total() const {
    std::int64_t cents = 0;
    for (const auto& [name, item] : items_) {
      cents += item.cents * item.count;
    }
    return cents;
  }

  static constexpr auto queries = perdure::queries<&Cart::total>();
  static constexpr auto updates =
      perdure::updates<perdure::validated_by<&Cart::add, &Cart::check_item>, &Cart::check_out>();

 private:
  std::map<std::string, Item> items_;
  std::string receipt_;
};
// [workflow]

int main(int argc, char** argv) try {
  const auto client = perdure::Client::connect(argc > 1 ? argv[1] : "file:./state");
  perdure::Worker worker(client, {.task_queue = "carts",
                                  .workflows = perdure::workflows<Cart>(),
                                  .activities = perdure::activities<stock, charge>()});
  worker.start();
  // [client]
  // The first item makes the cart.
  auto start = client.with_start_workflow<Cart>(
      {.id = "cart-of-ada",
       .task_queue = "carts",
       .id_conflict_policy = perdure::WorkflowIdConflictPolicy::kUseExisting});
  std::cout << "tea: "
            << client.execute_update_with_start_workflow<&Cart::add>(
                   start, {.name = "tea", .cents = 450, .count = 2})
            << "\n";
  const auto cart = start.workflow_handle();
  for (const Item& item : {Item{"nothing", 0, 0}, Item{"unicorn", 1, 1}}) {
    try {
      cart.execute_update<&Cart::add>(item);
    } catch (const perdure::WorkflowUpdateFailedError& error) {
      std::cout << item.name << ": " << error.cause()->what() << "\n";
    }
  }
  std::cout << cart.execute_update<&Cart::check_out>() << "\n";
  // [client]
  std::cout << "paid " << cart.result() << std::endl;
} catch (const perdure::PerdureError& error) {
  std::cerr << "perdure-cart: " << error.what() << "\n";
  return 1;
}
