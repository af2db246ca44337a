#pragma once
// An order over several services that each can refuse. What was done is undone, in reverse, when a later step
// fails or the order is cancelled: a saga.
#include <perdure/perdure.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace order {

struct Item {
  std::string article;
  int count = 1;
};

struct Order {
  std::string id;
  std::vector<Item> items;
  std::string card;
  std::int64_t cents = 0;
};

// Activities (activities.cc). Each names the order, so that a second attempt does nothing twice.
std::string reserve(const std::string& order_id, const Item& item);  // gives the reservation
void release(const std::string& reservation);
std::string charge(const std::string& order_id, const std::string& card, std::int64_t cents);  // the receipt
void refund(const std::string& receipt);
std::string ship(const std::string& order_id);  // gives the parcel's number

inline perdure::ActivityOptions within_a_minute() {
  using namespace std::chrono_literals;
  return {.start_to_close_timeout = 1min,
          .retry_policy = perdure::RetryPolicy{.non_retryable_error_types = {"OutOfStock", "CardDeclined"}}};
}

// [workflow]
class PlaceOrder {
 public:
  // Gives the parcel's number.
  perdure::Task<std::string> run(Order order) {
    namespace workflow = perdure::workflow;
    auto placed = co_await workflow::outcome(place(order));
    if (!placed) {
      // The order may have been cancelled; undoing it must not be.
      co_await workflow::shield(undo());
    }
    co_return placed.value();  // or throws what went wrong
  }

 private:
  perdure::Task<std::string> place(Order order) {
    namespace workflow = perdure::workflow;
    std::vector<workflow::ActivityHandle<std::string>> reservations;
    for (const Item& item : order.items) {
      reservations.push_back(workflow::start_activity<reserve>(order.id, item, within_a_minute()));
    }
    for (const auto& reservation : reservations) {
      const auto reserved = co_await workflow::outcome(reservation);
      if (reserved) {
        to_undo_.push_back(
            [id = reserved.value()] { return workflow::execute_activity<release>(id, within_a_minute()); });
      } else {
        refusal_ = refusal_ ? refusal_ : reserved.failure();
      }
    }
    if (refusal_) {
      std::rethrow_exception(refusal_);
    }
    const std::string receipt =
        co_await workflow::execute_activity<charge>(order.id, order.card, order.cents, within_a_minute());
    to_undo_.push_back([receipt] { return workflow::execute_activity<refund>(receipt, within_a_minute()); });
    co_return co_await workflow::execute_activity<ship>(order.id, within_a_minute());
  }

  perdure::Task<> undo() {
    for (; !to_undo_.empty(); to_undo_.pop_back()) {
      co_await to_undo_.back()();
    }
  }

  std::vector<std::function<perdure::workflow::ActivityHandle<void>()>> to_undo_;
  std::exception_ptr refusal_;
};
// [workflow]

}  // namespace order
