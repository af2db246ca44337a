#include "matching/matching.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace perdure::matching {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kQueue = "w/default/orders";

WaitingTask task(std::int64_t order) {
  return {order, ExecutionId{100 + order}, {ItemKind::kWorkflowTask, 0}};
}

std::vector<std::int64_t> orders_of(Matching& matching, int polls, PollerId first_poller = 1'000) {
  std::vector<std::int64_t> orders;
  for (int i = 0; i < polls; ++i) {
    EXPECT_TRUE(matching.add_poller(kQueue, first_poller + static_cast<PollerId>(i)));
    if (auto match = matching.next_match()) {
      orders.push_back(match->task.ready_order);
    }
  }
  return orders;
}

// A queue whose part in the store was read: it was empty.
void open_empty(Matching& matching) {
  ASSERT_TRUE(matching.add_poller(kQueue, 1));
  ASSERT_FALSE(matching.next_match());
  for (const PageRequest& request : matching.take_page_requests()) {
    matching.add_page(request, {});
  }
  ASSERT_FALSE(matching.next_match());
  matching.remove_poller(kQueue, 1);
}

TEST(Matching, AnOfferToAQueueThatNobodyPollsIsForgotten) {
  Matching matching;
  matching.offer(kQueue, task(1));
  EXPECT_EQ(matching.queues(), 0u);
}

TEST(Matching, TheFirstPollerAsksForAPageFromTheBeginning) {
  Matching matching;
  EXPECT_TRUE(matching.add_poller(kQueue, 1));
  EXPECT_FALSE(matching.next_match());
  const auto requests = matching.take_page_requests();
  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_EQ(requests[0].queue, kQueue);
  EXPECT_EQ(requests[0].after, WaitingTask{});
  EXPECT_FALSE(matching.next_match());
  EXPECT_THAT(matching.take_page_requests(), IsEmpty()) << "one request at a time";
}

TEST(Matching, APageGoesToTheWaitingPollersOldestTaskToLongestWaitingPoller) {
  Matching matching;
  ASSERT_TRUE(matching.add_poller(kQueue, 7));
  ASSERT_TRUE(matching.add_poller(kQueue, 8));
  EXPECT_FALSE(matching.next_match());
  matching.add_page(matching.take_page_requests().at(0), {task(3), task(4)});
  auto first = matching.next_match();
  auto second = matching.next_match();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->poller, 7u);
  EXPECT_EQ(first->task, task(3));
  EXPECT_EQ(second->poller, 8u);
  EXPECT_EQ(second->task, task(4));
}

TEST(Matching, AnOfferIsMatchedAtOnceWhenTheStoreHoldsNothingOlder) {
  Matching matching;
  open_empty(matching);
  ASSERT_TRUE(matching.add_poller(kQueue, 2));
  matching.offer(kQueue, task(5));
  auto match = matching.next_match();
  ASSERT_TRUE(match);
  EXPECT_EQ(match->poller, 2u);
  EXPECT_EQ(match->task, task(5));
}

TEST(Matching, AnOfferWaitsForAPollerInOrder) {
  Matching matching;
  open_empty(matching);
  matching.offer(kQueue, task(6));
  matching.offer(kQueue, task(5));
  EXPECT_THAT(orders_of(matching, 3), ElementsAre(5, 6));
}

TEST(Matching, TheSameTaskOfferedTwiceIsHandedOutOnce) {
  Matching matching;
  open_empty(matching);
  matching.offer(kQueue, task(5));
  WaitingTask again = task(5);
  again.ready_order = 9;
  matching.offer(kQueue, again);
  EXPECT_THAT(orders_of(matching, 2), ElementsAre(5));
}

TEST(Matching, AWindowThatOverflowsReadsTheRestBackInOrder) {
  Matching matching({.window = 3});
  open_empty(matching);
  for (int order = 1; order <= 5; ++order) {
    matching.offer(kQueue, task(order));
  }
  EXPECT_EQ(matching.tasks(kQueue), 3u);
  EXPECT_THAT(orders_of(matching, 3), ElementsAre(1, 2, 3));
  EXPECT_THAT(orders_of(matching, 1, 2'000), IsEmpty());
  const auto requests = matching.take_page_requests();
  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_EQ(requests[0].after, task(3));
  matching.add_page(requests[0], {task(4), task(5)});
  EXPECT_EQ(matching.next_match()->task, task(4));
  EXPECT_THAT(orders_of(matching, 1, 3'000), ElementsAre(5));
}

TEST(Matching, WhileTheStoreHoldsOlderTasksANewOneDoesNotOvertakeThem) {
  Matching matching({.window = 2});
  ASSERT_TRUE(matching.add_poller(kQueue, 1));
  EXPECT_FALSE(matching.next_match());
  const auto requests = matching.take_page_requests();
  matching.offer(kQueue, task(9));
  EXPECT_FALSE(matching.next_match());
  matching.add_page(requests[0], {task(1), task(2)});
  EXPECT_EQ(matching.next_match()->task, task(1));
}

TEST(Matching, AFullPageIsFollowedByAnotherOne) {
  Matching matching({.window = 2});
  ASSERT_TRUE(matching.add_poller(kQueue, 1));
  EXPECT_FALSE(matching.next_match());
  matching.add_page(matching.take_page_requests().at(0), {task(1), task(2)});
  EXPECT_TRUE(matching.next_match());
  EXPECT_THAT(orders_of(matching, 2), ElementsAre(2));
  const auto requests = matching.take_page_requests();
  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_EQ(requests[0].after, task(2));
}

TEST(Matching, APollerWhoseTaskWasStaleIsFirstInLineAgain) {
  Matching matching;
  open_empty(matching);
  ASSERT_TRUE(matching.add_poller(kQueue, 1));
  ASSERT_TRUE(matching.add_poller(kQueue, 2));
  matching.offer(kQueue, task(1));
  auto match = matching.next_match();
  ASSERT_TRUE(match);
  matching.return_poller(kQueue, match->poller);
  matching.offer(kQueue, task(2));
  EXPECT_EQ(matching.next_match()->poller, 1u);
}

TEST(Matching, APollerThatLeftGetsNothing) {
  Matching matching;
  open_empty(matching);
  ASSERT_TRUE(matching.add_poller(kQueue, 1));
  matching.remove_poller(kQueue, 1);
  matching.offer(kQueue, task(1));
  EXPECT_FALSE(matching.next_match());
  EXPECT_EQ(matching.tasks(kQueue), 1u);
}

TEST(Matching, AReofferedOlderTaskComesFirst) {
  Matching matching;
  open_empty(matching);
  matching.offer(kQueue, task(8));
  matching.offer(kQueue, task(2));
  EXPECT_THAT(orders_of(matching, 2), ElementsAre(2, 8));
}

TEST(Matching, PollersOfOneQueueAreBounded) {
  Matching matching({.pollers_per_queue = 1});
  EXPECT_TRUE(matching.add_poller(kQueue, 1));
  EXPECT_FALSE(matching.add_poller(kQueue, 2));
  EXPECT_TRUE(matching.add_poller("w/default/other", 2));
}

TEST(Matching, QueuesThatAreIdleLongestAreForgotten) {
  Matching matching({.idle_queues = 2});
  for (int i = 0; i < 5; ++i) {
    const std::string queue = "w/default/q" + std::to_string(i);
    ASSERT_TRUE(matching.add_poller(queue, static_cast<PollerId>(i)));
    EXPECT_FALSE(matching.next_match());
    for (const PageRequest& request : matching.take_page_requests()) {
      matching.add_page(request, {});
    }
    EXPECT_FALSE(matching.next_match());
    matching.remove_poller(queue, static_cast<PollerId>(i));
  }
  EXPECT_EQ(matching.queues(), 2u);
  EXPECT_TRUE(matching.add_poller("w/default/q0", 9));
  EXPECT_FALSE(matching.next_match());
  EXPECT_THAT(matching.take_page_requests(), SizeIs(1)) << "a forgotten queue is read back";
}

TEST(Matching, APageThatCouldNotBeReadIsAskedForAgainByTheNextPoller) {
  Matching matching;
  ASSERT_TRUE(matching.add_poller(kQueue, 1));
  EXPECT_FALSE(matching.next_match());
  matching.page_failed(matching.take_page_requests().at(0));
  ASSERT_TRUE(matching.add_poller(kQueue, 2));
  EXPECT_FALSE(matching.next_match());
  EXPECT_THAT(matching.take_page_requests(), SizeIs(1));
}

}  // namespace
}  // namespace perdure::matching
