#include <iostream>

#include "subscription.h"

namespace subscription {

// Here would be a mail server and a payment provider.
void send_email(const std::string& to, const std::string& subject) {
  std::cout << "to " << to << ": " << subject << std::endl;
}

std::string charge(const Customer& customer, std::int64_t cents) {
  if (cents <= 0) {
    throw perdure::ApplicationError("nothing can be charged", {.type = "CardDeclined"});
  }
  std::cout << "charged " << customer.id << ": " << cents << " cents" << std::endl;
  return "receipt of " + customer.id;
}

}  // namespace subscription
