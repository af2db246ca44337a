// Stand-ins for a warehouse, a bank and a carrier: they print what they would do.
#include <iostream>

#include "order.h"

namespace order {

std::string reserve(const std::string& order_id, const Item& item) {
  if (item.count > 10) {
    throw perdure::ApplicationError("only 10 of " + item.article + " are left", {.type = "OutOfStock"});
  }
  std::cout << "reserved " << item.count << " " << item.article << "\n" << std::flush;
  return order_id + "/" + item.article;
}

void release(const std::string& reservation) {
  std::cout << "released " << reservation << "\n" << std::flush;
}

std::string charge(const std::string& order_id, const std::string& card, std::int64_t cents) {
  if (card.empty()) {
    throw perdure::ApplicationError("there is no card", {.type = "CardDeclined"});
  }
  std::cout << "charged " << cents << " cents\n" << std::flush;
  return "receipt-" + order_id;
}

void refund(const std::string& receipt) { std::cout << "refunded " << receipt << "\n" << std::flush; }

std::string ship(const std::string& order_id) {
  std::cout << "shipped " << order_id << "\n" << std::flush;
  return "parcel-" + order_id;
}

}  // namespace order
