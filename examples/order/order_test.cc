// Every way an order can go wrong, and what is undone then.
#include "order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <perdure/testing.h>
#include <perdure/testing/matchers.h>

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace order {
namespace {

using perdure::testing::CausedBy;
using perdure::testing::FailsWith;
using testing::ElementsAre;
using testing::IsEmpty;

class OrderTest : public testing::Test {
 protected:
  OrderTest() {
    mocks_.on<reserve>([](const std::string&, const Item& item) { return item.article; });
    mocks_.on<release>([this](const std::string& reservation) { undone("release " + reservation); });
    mocks_.on<charge>(
        [](const std::string&, const std::string&, std::int64_t) { return std::string("receipt"); });
    mocks_.on<refund>([this](const std::string& receipt) { undone("refund " + receipt); });
    mocks_.on<ship>([](const std::string&) { return std::string("parcel"); });
    worker_.emplace(environment_.client(),
                    perdure::WorkerOptions{.task_queue = "test",
                                           .workflows = perdure::workflows<PlaceOrder>(),
                                           .activities = mocks_.activities()});
    worker_->start();
  }

  auto place() {
    return environment_.client().start_workflow<PlaceOrder>(
        {.id = "1", .items = {{"lamp", 1}, {"bulb", 2}}, .card = "4711", .cents = 100},
        {.id = "order", .task_queue = "test"});
  }
  void undone(std::string what) {
    const std::lock_guard lock(mutex_);
    undone_.push_back(std::move(what));
  }

  std::mutex mutex_;
  std::vector<std::string> undone_;
  perdure::testing::Environment environment_;
  perdure::testing::Mocks mocks_;
  std::optional<perdure::Worker> worker_;
};

TEST_F(OrderTest, ThatSucceedsUndoesNothing) {
  EXPECT_EQ(place().result(), "parcel");
  EXPECT_THAT(undone_, IsEmpty());
}

TEST_F(OrderTest, WhoseShippingFailsIsUndoneInReverse) {
  mocks_.on<ship>([](const std::string&) -> std::string {
    throw perdure::ApplicationError("the lorry is full", {.type = "Full", .non_retryable = true});
  });
  auto handle = place();
  EXPECT_THAT([&] { handle.result(); },
              FailsWith<perdure::WorkflowFailureError>(CausedBy<perdure::ApplicationError>("Full")));
  EXPECT_THAT(undone_, ElementsAre("refund receipt", "release bulb", "release lamp"));
  perdure::testing::replay<PlaceOrder>(handle.fetch_history());
}

TEST_F(OrderTest, WithAnArticleThatIsMissingReleasesTheOthers) {
  mocks_.on<reserve>([](const std::string&, const Item& item) -> std::string {
    if (item.article == "lamp") {
      throw perdure::ApplicationError("no lamps", {.type = "OutOfStock"});
    }
    return item.article;
  });
  auto handle = place();
  EXPECT_THAT([&] { handle.result(); },
              FailsWith<perdure::WorkflowFailureError>(CausedBy<perdure::ApplicationError>("OutOfStock")));
  EXPECT_THAT(undone_, ElementsAre("release bulb"));
  EXPECT_EQ(mocks_.calls<charge>(), 0U);
}

TEST_F(OrderTest, ThatIsCancelledIsUndone) {
  mocks_.on<charge>([](const std::string&, const std::string&, std::int64_t) -> std::string {
    throw perdure::ApplicationError("the bank does not answer");
  });
  auto handle = place();
  environment_.sleep(std::chrono::minutes(5));
  handle.cancel();
  EXPECT_THAT([&] { handle.result(); },
              FailsWith<perdure::WorkflowFailureError>(CausedBy<perdure::CancelledError>()));
  EXPECT_THAT(undone_, ElementsAre("release bulb", "release lamp"));
  EXPECT_GT(mocks_.calls<charge>(), 3U);
}

}  // namespace
}  // namespace order
