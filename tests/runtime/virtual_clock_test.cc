// The clock that skips, alone and under an engine. Real time passes meanwhile, so only what it shows at least
// is looked at, and at most an hour more.
#include "runtime/virtual_clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/runtime/harness.h"

namespace perdure::testing {
namespace {

using runtime::Rest;
using runtime::VirtualClock;
using std::chrono::hours;
using Sleep = VirtualClock::Sleep;

constexpr Timestamp kStart{1'700'000'000'000'000'000};
constexpr Duration kDay = hours(24);

// It shows `expected`, or a little more.
::testing::Matcher<Timestamp> about(Timestamp expected) {
  return ::testing::AllOf(::testing::Ge(expected), ::testing::Lt(expected + hours(1)));
}

TEST(VirtualClock, SkipsToWhatIsDueNextOnceNobodyHoldsALock) {
  VirtualClock clock(kStart);
  EXPECT_FALSE(clock.rest({.next_due = kStart + kDay})) << "a new clock is locked";
  EXPECT_THAT(clock.now(), about(kStart));
  ASSERT_TRUE(clock.unlock());
  EXPECT_TRUE(clock.rest({.next_due = kStart + kDay}));
  EXPECT_THAT(clock.now(), about(kStart + kDay));
  EXPECT_FALSE(clock.rest({})) << "nothing is due";
  EXPECT_FALSE(clock.rest({.next_due = kStart})) << "time does not run backwards";
  EXPECT_THAT(clock.now(), about(kStart + kDay));
}

TEST(VirtualClock, DoesNotSkipWhatSomebodyIsAtWorkOn) {
  VirtualClock clock(kStart);
  ASSERT_TRUE(clock.unlock());
  EXPECT_FALSE(clock.rest({.next_due = kStart + kDay, .workflow_tasks = true}));
  EXPECT_FALSE(clock.rest({.next_due = kStart + kDay, .activities = true}));
  EXPECT_EQ(clock.skipped(), Duration::zero());
}

TEST(VirtualClock, CountsItsLocks) {
  VirtualClock clock(kStart);
  clock.lock();
  ASSERT_TRUE(clock.unlock());
  EXPECT_FALSE(clock.rest({.next_due = kStart + kDay})) << "one is left";
  ASSERT_TRUE(clock.unlock());
  EXPECT_FALSE(clock.unlock()) << "there is none to take away";
  EXPECT_FALSE(clock.call_at(kStart, Sleep::kUnlocked, [] {}));
  EXPECT_EQ(clock.locks(), 0);
}

TEST(VirtualClock, WakesASleeperAfterWhatWasDueBeforeIt) {
  VirtualClock clock(kStart);
  int awake = 0;
  ASSERT_TRUE(clock.call_at(kStart + 2 * kDay, Sleep::kUnlocked, [&] { ++awake; }));
  EXPECT_TRUE(clock.rest({.next_due = kStart + kDay}));
  EXPECT_THAT(clock.now(), about(kStart + kDay));
  EXPECT_TRUE(clock.rest({.next_due = kStart + 3 * kDay}));
  EXPECT_THAT(clock.now(), about(kStart + 2 * kDay));
  EXPECT_FALSE(clock.rest({.next_due = kStart + 3 * kDay, .workflow_tasks = true}));
  EXPECT_EQ(awake, 0) << "workflows are not done with what was due";
  EXPECT_TRUE(clock.rest({.next_due = kStart + 3 * kDay, .activities = true}));
  EXPECT_EQ(awake, 1);
  EXPECT_EQ(clock.locks(), 1) << "as before the sleep";
  EXPECT_FALSE(clock.rest({.next_due = kStart + 3 * kDay}));
}

TEST(VirtualClock, DoesNotMoveOnBeforeASleeperHadTheChanceToLockIt) {
  VirtualClock clock(kStart);
  ASSERT_TRUE(clock.unlock());
  ASSERT_TRUE(clock.call_at(kStart + kDay, Sleep::kWait, [&] { clock.lock(); }));
  EXPECT_TRUE(clock.rest({.next_due = kStart + 2 * kDay}));
  EXPECT_TRUE(clock.rest({.next_due = kStart + 2 * kDay})) << "it wakes the sleeper";
  EXPECT_FALSE(clock.rest({.next_due = kStart + 2 * kDay}));
  EXPECT_THAT(clock.now(), about(kStart + kDay));
}

TEST(VirtualClock, SleepsThroughRealTimeWhenItIsLocked) {
  VirtualClock clock(kStart);
  bool awake = false;
  ASSERT_TRUE(clock.call_at(kStart + milliseconds(1), Sleep::kWait, [&] { awake = true; }));
  EXPECT_EQ(clock.wake_at(), kStart + milliseconds(1));
  while (clock.now() < kStart + milliseconds(1)) {
  }
  EXPECT_TRUE(clock.rest({}));
  EXPECT_TRUE(awake);
}

TEST(VirtualClock, WakesSleepersAtItsEnd) {
  VirtualClock clock(kStart);
  int awake = 0;
  ASSERT_TRUE(clock.call_at(kStart + kDay, Sleep::kWait, [&] { ++awake; }));
  clock.end();
  ASSERT_TRUE(clock.call_at(kStart + kDay, Sleep::kWait, [&] { ++awake; }));
  EXPECT_EQ(awake, 2);
}

TEST(VirtualClockOfAnEngine, FiresTimersAtOnceAndLeavesPollsAlone) {
  VirtualClock clock(kStart);
  Rig rig({}, &clock);
  auto idle = rig.poll_activity();
  auto task = rig.poll_workflow();
  rig.start("w");
  ASSERT_TRUE(clock.unlock());
  rig.complete(task->response.task_token(), {start_timer("t", 30 * 24 * 3600)});
  EXPECT_THAT(clock.now(), about(kStart + 30 * kDay));
  EXPECT_EQ(rig.event_types("w").at(5), enums::EVENT_TYPE_TIMER_FIRED);
  EXPECT_FALSE(idle->answered()) << "its caller has not waited for a minute";
}

TEST(VirtualClockOfAnEngine, StandsStillWhileATaskWaitsOrIsWithAWorker) {
  VirtualClock clock(kStart);
  Rig rig({}, &clock);
  ASSERT_TRUE(clock.unlock());
  auto request = Rig::start_request("w");
  request.mutable_workflow_run_timeout()->set_seconds(3600 * 24);
  rig.call<wire::StartWorkflowExecutionResponse>("StartWorkflowExecution", request);
  EXPECT_EQ(clock.skipped(), Duration::zero()) << "the workflow task waits for a worker";
  auto workflow_task = rig.poll_workflow();
  EXPECT_EQ(clock.skipped(), Duration::zero()) << "the workflow task is with a worker";
  auto poll = rig.poll_activity();
  rig.complete(workflow_task->response.task_token(), {schedule_activity("a"), start_timer("t", 3600)});
  ASSERT_FALSE(poll->response.task_token().empty());
  EXPECT_EQ(clock.skipped(), Duration::zero()) << "the activity is with a worker";
  rig.complete_activity(poll->response.task_token(), "1");
  EXPECT_EQ(clock.skipped(), Duration::zero()) << "the workflow is told of the activity";
  workflow_task = rig.poll_workflow();
  rig.complete(workflow_task->response.task_token(), {});
  EXPECT_THAT(clock.now(), about(kStart + hours(1)));
}

TEST(VirtualClockOfAnEngine, WaitsForAWorkerBetweenTwoPolls) {
  VirtualClock clock(kStart);
  Rig rig({}, &clock);
  ASSERT_TRUE(clock.unlock());
  auto first = rig.poll_activity();
  auto workflow_task = rig.poll_workflow();
  rig.start("w");
  rig.complete(workflow_task->response.task_token(), {schedule_activity("a"), schedule_activity("b")});
  rig.complete_activity(first->response.task_token(), "1");
  workflow_task = rig.poll_workflow();
  rig.complete(workflow_task->response.task_token(), {start_timer("t", 3600)});
  EXPECT_EQ(clock.skipped(), Duration::zero()) << "the worker will poll again within a second";
  auto second = rig.poll_activity();
  EXPECT_FALSE(second->response.task_token().empty());
}

}  // namespace
}  // namespace perdure::testing
