#include "matching/matching.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <string>
#include <vector>

namespace perdure::matching {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kQueue = "w/default/orders";
constexpr Timestamp kNow{1'700'000'000'000'000'000};
constexpr Duration kSecond = std::chrono::seconds(1);
constexpr Duration kTenth = std::chrono::milliseconds(100);

WaitingTask task(std::int64_t order) {
  return {order, ExecutionId{100 + order}, {ItemKind::kWorkflowTask, 0}};
}

std::vector<std::int64_t> orders_of(Matching& matching, int polls, PollerId first_poller = 1'000) {
  std::vector<std::int64_t> orders;
  for (int i = 0; i < polls; ++i) {
    EXPECT_TRUE(matching.add_poller(kQueue, first_poller + static_cast<PollerId>(i)));
    if (auto match = matching.next_match(kNow)) {
      orders.push_back(match->task.ready_order);
    }
  }
  return orders;
}

// A queue whose part in the store was read: it was empty.
void open_empty(Matching& matching) {
  ASSERT_TRUE(matching.add_poller(kQueue, 1));
  ASSERT_FALSE(matching.next_match(kNow));
  for (const PageRequest& request : matching.take_page_requests()) {
    matching.add_page(request, {});
  }
  ASSERT_FALSE(matching.next_match(kNow));
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
  EXPECT_FALSE(matching.next_match(kNow));
  const auto requests = matching.take_page_requests();
  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_EQ(requests[0].queue, kQueue);
  EXPECT_EQ(requests[0].after, WaitingTask{});
  EXPECT_FALSE(matching.next_match(kNow));
  EXPECT_THAT(matching.take_page_requests(), IsEmpty()) << "one request at a time";
}

TEST(Matching, APageGoesToTheWaitingPollersOldestTaskToLongestWaitingPoller) {
  Matching matching;
  ASSERT_TRUE(matching.add_poller(kQueue, 7));
  ASSERT_TRUE(matching.add_poller(kQueue, 8));
  EXPECT_FALSE(matching.next_match(kNow));
  matching.add_page(matching.take_page_requests().at(0), {task(3), task(4)});
  auto first = matching.next_match(kNow);
  auto second = matching.next_match(kNow);
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
  auto match = matching.next_match(kNow);
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
  EXPECT_EQ(matching.next_match(kNow)->task, task(4));
  EXPECT_THAT(orders_of(matching, 1, 3'000), ElementsAre(5));
}

TEST(Matching, WhileTheStoreHoldsOlderTasksANewOneDoesNotOvertakeThem) {
  Matching matching({.window = 2});
  ASSERT_TRUE(matching.add_poller(kQueue, 1));
  EXPECT_FALSE(matching.next_match(kNow));
  const auto requests = matching.take_page_requests();
  matching.offer(kQueue, task(9));
  EXPECT_FALSE(matching.next_match(kNow));
  matching.add_page(requests[0], {task(1), task(2)});
  EXPECT_EQ(matching.next_match(kNow)->task, task(1));
}

TEST(Matching, AFullPageIsFollowedByAnotherOne) {
  Matching matching({.window = 2});
  ASSERT_TRUE(matching.add_poller(kQueue, 1));
  EXPECT_FALSE(matching.next_match(kNow));
  matching.add_page(matching.take_page_requests().at(0), {task(1), task(2)});
  EXPECT_TRUE(matching.next_match(kNow));
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
  auto match = matching.next_match(kNow);
  ASSERT_TRUE(match);
  matching.return_poller(kQueue, match->poller);
  matching.offer(kQueue, task(2));
  EXPECT_EQ(matching.next_match(kNow)->poller, 1u);
}

TEST(Matching, APollerThatLeftGetsNothing) {
  Matching matching;
  open_empty(matching);
  ASSERT_TRUE(matching.add_poller(kQueue, 1));
  matching.remove_poller(kQueue, 1);
  matching.offer(kQueue, task(1));
  EXPECT_FALSE(matching.next_match(kNow));
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
    EXPECT_FALSE(matching.next_match(kNow));
    for (const PageRequest& request : matching.take_page_requests()) {
      matching.add_page(request, {});
    }
    EXPECT_FALSE(matching.next_match(kNow));
    matching.remove_poller(queue, static_cast<PollerId>(i));
  }
  EXPECT_EQ(matching.queues(), 2u);
  EXPECT_TRUE(matching.add_poller("w/default/q0", 9));
  EXPECT_FALSE(matching.next_match(kNow));
  EXPECT_THAT(matching.take_page_requests(), SizeIs(1)) << "a forgotten queue is read back";
}

TEST(Matching, APageThatCouldNotBeReadIsAskedForAgainByTheNextPoller) {
  Matching matching;
  ASSERT_TRUE(matching.add_poller(kQueue, 1));
  EXPECT_FALSE(matching.next_match(kNow));
  matching.page_failed(matching.take_page_requests().at(0));
  ASSERT_TRUE(matching.add_poller(kQueue, 2));
  EXPECT_FALSE(matching.next_match(kNow));
  EXPECT_THAT(matching.take_page_requests(), SizeIs(1));
}

// `tasks` tasks and as many pollers, of which the last said `per_second`.
void fill(Matching& matching, std::int64_t tasks, std::optional<double> per_second) {
  open_empty(matching);
  for (std::int64_t i = 1; i <= tasks; ++i) {
    ASSERT_TRUE(matching.add_poller(kQueue, static_cast<PollerId>(i)));
    matching.offer(kQueue, task(i));
  }
  matching.set_rate(kQueue, per_second, kNow);
}

int matches_at(Matching& matching, Timestamp now) {
  int matches = 0;
  while (matching.next_match(now)) {
    ++matches;
  }
  return matches;
}

TEST(QueueRate, LetsASecondsWorthGoAtOnceAndThenOneByOne) {
  Matching matching;
  fill(matching, 30, 10.0);
  EXPECT_EQ(matches_at(matching, kNow), 11) << "a second's worth, and the one that is due now";
  ASSERT_EQ(matching.wake_at(), kNow + kTenth);
  EXPECT_EQ(matches_at(matching, kNow + kTenth - Duration(1)), 0);
  EXPECT_EQ(matches_at(matching, kNow + kTenth), 1);
  EXPECT_EQ(matches_at(matching, kNow + 5 * kTenth), 4);
  EXPECT_EQ(matching.wake_at(), kNow + 6 * kTenth);
}

TEST(QueueRate, NeverSavesUpMoreThanASecondsWorth) {
  Matching matching;
  fill(matching, 30, 10.0);
  EXPECT_EQ(matches_at(matching, kNow), 11);
  EXPECT_EQ(matches_at(matching, kNow + 100 * kSecond), 11);
}

TEST(QueueRate, OfZeroOrLessStopsTheQueueUntilAPollerSaysOtherwise) {
  for (const double rate : {0.0, -1.0, 1e-300, std::numeric_limits<double>::quiet_NaN()}) {
    Matching matching;
    fill(matching, 5, rate);
    EXPECT_EQ(matches_at(matching, kNow), 0) << rate;
    EXPECT_EQ(matches_at(matching, kNow + 1'000'000 * kSecond), 0) << rate;
    EXPECT_EQ(matching.wake_at(), std::nullopt) << "nothing to wake up for";
    matching.set_rate(kQueue, std::nullopt, kNow);
    EXPECT_EQ(matches_at(matching, kNow), 5) << rate;
  }
}

TEST(QueueRate, IsThatOfTheLastPoller) {
  Matching matching;
  fill(matching, 60, 1.0);
  EXPECT_EQ(matches_at(matching, kNow), 2);
  matching.set_rate(kQueue, 10.0, kNow);
  EXPECT_EQ(matching.wake_at(), std::nullopt) << "looks again at once";
  EXPECT_EQ(matches_at(matching, kNow), 0) << "the burst was used up";
  EXPECT_EQ(matching.wake_at(), kNow + kTenth);
  matching.set_rate(kQueue, 1e-9, kNow);
  matching.set_rate(kQueue, 10.0, kNow);
  EXPECT_EQ(matches_at(matching, kNow + kTenth), 1) << "a slower rate in between delays nothing";
  matching.set_rate(kQueue, std::nullopt, kNow);
  EXPECT_EQ(matches_at(matching, kNow), 57);
}

TEST(QueueRate, ToldAgainByEveryPollIsStillThatRate) {
  Matching matching;
  fill(matching, 60, 10.0);
  int matches = 0;
  for (int i = 0; i <= 20; ++i) {
    const Timestamp now = kNow + i * kTenth;
    matching.set_rate(kQueue, 10.0, now);
    matches += matches_at(matching, now);
  }
  EXPECT_EQ(matches, 11 + 20);
}

TEST(QueueRate, CountsNoTaskThatWasStale) {
  Matching matching;
  fill(matching, 5, 1.0);
  for (int stale = 0; stale < 3; ++stale) {
    auto match = matching.next_match(kNow);
    ASSERT_TRUE(match);
    matching.return_poller(kQueue, match->poller);
  }
  EXPECT_EQ(matches_at(matching, kNow), 2);
}

TEST(QueueRate, OfOneQueueHoldsUpNoOther) {
  Matching matching;
  fill(matching, 5, 0.0);
  ASSERT_TRUE(matching.add_poller("a/default/other", 9));
  EXPECT_FALSE(matching.next_match(kNow));
  for (const PageRequest& request : matching.take_page_requests()) {
    matching.add_page(request, {task(7)});
  }
  EXPECT_EQ(matches_at(matching, kNow), 1);
}

TEST(QueueRate, WakesNobodyForAQueueThatNobodyPollsAnyMore) {
  Matching matching;
  open_empty(matching);
  matching.offer(kQueue, task(1));
  matching.offer(kQueue, task(2));
  matching.offer(kQueue, task(3));
  ASSERT_TRUE(matching.add_poller(kQueue, 1));
  matching.set_rate(kQueue, 0.5, kNow);
  EXPECT_EQ(matches_at(matching, kNow), 1);
  ASSERT_TRUE(matching.add_poller(kQueue, 2));
  EXPECT_EQ(matches_at(matching, kNow), 0);
  EXPECT_EQ(matching.wake_at(), kNow + kSecond);
  matching.remove_poller(kQueue, 2);
  EXPECT_EQ(matching.wake_at(), std::nullopt);
  ASSERT_TRUE(matching.add_poller(kQueue, 3));
  EXPECT_EQ(matches_at(matching, kNow), 0) << "the rate is not forgotten";
  EXPECT_EQ(matches_at(matching, kNow + kSecond), 1);
}

}  // namespace
}  // namespace perdure::matching
