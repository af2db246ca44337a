#include "common.h"
#include <perdure/async_client.h>
#include <perdure/client.h>

struct Item {
  std::string name;
  int count = 1;
};

class Cart {
 public:
  perdure::Task<int> run(std::string customer);
  perdure::Task<int> add(Item item);
  void check(const Item& item) const;
  void check_out();
  int total() const;
  void note(std::string text);
  void any_signal(std::string name, perdure::Payloads arguments);
  perdure::Payload any_query(const std::string& name, const perdure::Payloads& arguments) const;
  perdure::Task<perdure::Payload> any_update(std::string name, perdure::Payloads arguments);
  static constexpr auto signals = perdure::signals<perdure::abandon_unfinished<&Cart::note>>();
  static constexpr auto queries = perdure::queries<&Cart::total>();
  static constexpr auto updates =
      perdure::updates<perdure::abandon_unfinished<perdure::validated_by<&Cart::add, &Cart::check>>,
                       &Cart::check_out>();
  static constexpr auto dynamic_signal = &Cart::any_signal;
  static constexpr auto dynamic_query = &Cart::any_query;
  static constexpr auto dynamic_update = &Cart::any_update;
};
const auto definition = perdure::detail::workflow_definition<Cart>();

int call(const perdure::Client& client) {
  const auto handle = client.start_workflow<Cart>(
      "me", {.id = "c", .task_queue = "q", .start_signal = perdure::start_signal<&Cart::note>("hello")});
  handle.signal<&Cart::note>("text");
  int total = handle.query<&Cart::total>({.reject_condition = perdure::QueryRejectCondition::kNotOpen});
  total += handle.execute_update<&Cart::add>({.name = "tea", .count = 2});
  const auto update = handle.start_update<&Cart::add>({.name = "tea"}, {.id = "u"});
  total += update.result() + handle.get_update_handle<&Cart::add>("u").result();
  auto start = client.with_start_workflow<Cart>("me", {.id = "c", .task_queue = "q"});
  total += client.execute_update_with_start_workflow<&Cart::add>(start, {.name = "tea"});
  return total + start.workflow_handle().result();
}
perdure::Task<int> run() {
  auto cart = co_await perdure::workflow::start_child_workflow<Cart>("me", {.id = "c"});
  co_await cart.signal<&Cart::note>("text");
  co_await perdure::workflow::get_external_workflow_handle("d").cancel();
  co_return co_await cart;
}
