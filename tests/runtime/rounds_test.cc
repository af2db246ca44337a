// What a round makes durable before it lets anything go.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/runtime/harness.h"

namespace perdure::testing {
namespace {

using ::testing::Contains;

TEST(Rounds, NoReplyLeavesBeforeItsCommitIsDurable) {
  Rig rig;
  rig.storage->hold = true;
  auto started = rig.start("w");
  EXPECT_FALSE(started->answered());
  rig.storage->let_go();
  EXPECT_FALSE(started->answered()) << "replies are released by the stepping thread";
  rig.instance->step();
  EXPECT_TRUE(started->ok());
}

TEST(Rounds, CommandsThatArriveDuringACommitShareTheNextOne) {
  Rig rig;
  rig.storage->hold = true;
  auto first = rig.start("w1");
  auto second = rig.start("w2");
  auto third = rig.start("w3");
  rig.storage->hold = false;
  rig.storage->let_go();
  rig.instance->step();
  EXPECT_TRUE(first->ok() && second->ok() && third->ok());
  EXPECT_EQ(rig.instance->stats().commits, 2u);
  EXPECT_EQ(rig.instance->stats().transitions, 3u);
}

TEST(Rounds, AReadOfARunThatChangedInTheSameRoundWaitsForItsCommit) {
  Rig rig;
  rig.storage->hold = true;
  auto started =
      rig.post<wire::StartWorkflowExecutionResponse>("StartWorkflowExecution", Rig::start_request("w"));
  auto described = rig.describe("w");
  EXPECT_FALSE(described->answered());
  rig.storage->let_go();
  rig.instance->step();
  EXPECT_TRUE(described->ok());
}

TEST(Rounds, AReadOfAnotherRunIsAnsweredAtOnce) {
  Rig rig;
  rig.start("quiet");
  rig.storage->hold = true;
  auto started =
      rig.post<wire::StartWorkflowExecutionResponse>("StartWorkflowExecution", Rig::start_request("w"));
  auto described = rig.describe("quiet");
  EXPECT_TRUE(described->ok());
  EXPECT_FALSE(started->answered());
}

TEST(Rounds, ARefusalThatDependsOnAnUncommittedStartWaitsToo) {
  Rig rig;
  rig.storage->hold = true;
  auto first =
      rig.post<wire::StartWorkflowExecutionResponse>("StartWorkflowExecution", Rig::start_request("w"));
  auto again = Rig::start_request("w");
  again.set_request_id("another");
  auto second = rig.call<wire::StartWorkflowExecutionResponse>("StartWorkflowExecution", again);
  EXPECT_FALSE(second->answered());
  rig.storage->let_go();
  rig.instance->step();
  ASSERT_TRUE(second->answered());
  EXPECT_EQ(second->status->code(), Code::kAlreadyExists);
}

TEST(Rounds, AnActivityIsNotHandedOutBeforeItsStartIsDurable) {
  Rig rig;
  rig.start("w");
  auto task = rig.poll_workflow();
  ASSERT_TRUE(task->ok());
  auto activity = rig.poll_activity();
  rig.storage->hold = true;
  auto completed = rig.complete(task->response.task_token(), {schedule_activity("a")});
  EXPECT_FALSE(activity->answered());
  while (rig.storage->held) {
    EXPECT_FALSE(activity->answered());
    rig.storage->let_go();
    rig.instance->step();
  }
  EXPECT_TRUE(completed->ok());
  ASSERT_TRUE(activity->ok());
  EXPECT_EQ(activity->response.activity_id(), "a");
}

TEST(Rounds, SchedulingAndStartingAnActivityForAWaitingPollerIsOneCommit) {
  Rig rig;
  rig.start("w");
  auto task = rig.poll_workflow();
  auto activity = rig.poll_activity();
  const auto before = rig.instance->stats().commits;
  rig.complete(task->response.task_token(), {schedule_activity("a")});
  EXPECT_TRUE(activity->ok());
  EXPECT_EQ(rig.instance->stats().commits, before + 1);
}

TEST(Rounds, AFirstWorkflowTaskIsHandedOutWithoutACommitOfItsOwn) {
  Rig rig;
  rig.start("w");
  const auto before = rig.instance->stats().commits;
  auto task = rig.poll_workflow();
  ASSERT_TRUE(task->ok());
  EXPECT_FALSE(task->response.task_token().empty());
  EXPECT_EQ(rig.instance->stats().commits, before);
}

TEST(Rounds, AWorkflowTaskWaitsForTheCommitOfTheStartThatMadeIt) {
  Rig rig;
  auto task = rig.poll_workflow();
  rig.storage->hold = true;
  auto started = rig.start("w");
  EXPECT_FALSE(task->answered());
  rig.storage->let_go();
  rig.instance->step();
  EXPECT_TRUE(started->ok());
  ASSERT_TRUE(task->ok());
  EXPECT_EQ(task->response.workflow_execution().workflow_id(), "w");
}

TEST(Rounds, ATimerFiresWhenItIsDueAndNotBefore) {
  Rig rig;
  rig.start("w");
  auto task = rig.poll_workflow();
  rig.complete(task->response.task_token(), {start_timer("t", 10)});
  ASSERT_TRUE(rig.instance->wake_at().has_value());
  EXPECT_LE(*rig.instance->wake_at(), rig.clock.time + seconds(10));
  rig.advance(seconds(9));
  EXPECT_THAT(rig.event_types("w"), ::testing::Not(Contains(enums::EVENT_TYPE_TIMER_FIRED)));
  rig.advance(seconds(1));
  EXPECT_THAT(rig.event_types("w"), Contains(enums::EVENT_TYPE_TIMER_FIRED));
}

TEST(Rounds, TimeNeverRunsBackwardsEvenIfTheClockDoes) {
  Rig rig;
  rig.start("w1");
  rig.clock.time = rig.clock.time - seconds(3'600);
  ASSERT_TRUE(rig.start("w2")->ok());  // the store checks that time is monotone
  auto first = rig.describe("w1");
  auto second = rig.describe("w2");
  EXPECT_EQ(first->response.workflow_execution_info().start_time().seconds(),
            second->response.workflow_execution_info().start_time().seconds());
}

TEST(Rounds, AWorkflowTaskThatNobodyAnswersTimesOut) {
  Rig rig;
  rig.start("w");
  auto lost = rig.poll_workflow();
  ASSERT_TRUE(lost->ok());
  auto next = rig.poll_workflow();
  EXPECT_FALSE(next->answered());
  rig.advance(seconds(11));
  ASSERT_TRUE(next->ok());
  EXPECT_EQ(next->response.attempt(), 2);
}

TEST(Rounds, AnIdleInstanceDoesNotAskTheStoreAgain) {
  Rig rig;
  rig.start("w");
  auto task = rig.poll_workflow();
  rig.complete(task->response.task_token(), {start_timer("t", 3'600)});
  const int reads = rig.storage->due_reads;
  for (int i = 0; i < 100; ++i) {
    rig.advance(milliseconds(1));
  }
  EXPECT_EQ(rig.storage->due_reads, reads);
}

TEST(Rounds, ManyTimersFireInBoundedRounds) {
  Rig rig;
  rig.start("w");
  auto task = rig.poll_workflow();
  std::vector<Command> timers;
  for (int i = 0; i < 600; ++i) {
    timers.push_back(start_timer("t" + std::to_string(i), 5));
  }
  ASSERT_TRUE(rig.complete(task->response.task_token(), timers)->ok());
  rig.advance(seconds(5));
  auto request = Rig::history_request("w");
  int fired = 0;
  do {
    auto page = rig.history(request);
    ASSERT_TRUE(page->ok());
    for (const auto& event : page->response.history().events()) {
      fired += event.event_type() == enums::EVENT_TYPE_TIMER_FIRED ? 1 : 0;
    }
    request.set_next_page_token(page->response.next_page_token());
  } while (!request.next_page_token().empty());
  EXPECT_EQ(fired, 600);
}

}  // namespace
}  // namespace perdure::testing
