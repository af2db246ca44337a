// Long polls on task queues.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/runtime/harness.h"

namespace perdure::testing {
namespace {

TEST(Polls, APollWaitsForATask) {
  Rig rig;
  auto poll = rig.poll_workflow();
  EXPECT_FALSE(poll->answered());
  rig.start("w");
  ASSERT_TRUE(poll->ok());
  EXPECT_EQ(poll->response.workflow_execution().workflow_id(), "w");
}

TEST(Polls, TwoPollersGetOneTaskEach) {
  Rig rig;
  auto first = rig.poll_workflow();
  auto second = rig.poll_workflow();
  rig.start("w1");
  rig.start("w2");
  ASSERT_TRUE(first->ok() && second->ok());
  EXPECT_EQ(first->response.workflow_execution().workflow_id(), "w1");
  EXPECT_EQ(second->response.workflow_execution().workflow_id(), "w2");
}

TEST(Polls, OneTaskGoesToOnePollerOnly) {
  Rig rig;
  rig.start("w");
  auto first = rig.poll_workflow();
  auto second = rig.poll_workflow();
  EXPECT_TRUE(first->ok());
  EXPECT_FALSE(second->answered());
}

TEST(Polls, APollOfAnotherQueueGetsNothing) {
  Rig rig;
  auto poll = rig.poll_workflow("elsewhere");
  auto activity = rig.poll_activity("orders");
  rig.start("w");
  EXPECT_FALSE(poll->answered());
  EXPECT_FALSE(activity->answered());
}

TEST(Polls, APollThatGetsNothingAnswersEmptyAfterAMinute) {
  Rig rig;
  auto poll = rig.poll_workflow();
  rig.advance(seconds(59));
  EXPECT_FALSE(poll->answered());
  ASSERT_TRUE(rig.instance->wake_at().has_value());
  EXPECT_EQ(*rig.instance->wake_at(), rig.clock.time + seconds(1));
  rig.advance(seconds(1));
  ASSERT_TRUE(poll->ok());
  EXPECT_TRUE(poll->response.task_token().empty());
}

TEST(Polls, APollAnswersASecondBeforeItsCallerGivesUp) {
  Rig rig;
  auto poll = rig.poll_activity("orders", {.timeout = seconds(10)});
  rig.advance(milliseconds(8'999));
  EXPECT_FALSE(poll->answered());
  rig.advance(milliseconds(1));
  EXPECT_TRUE(poll->ok());
}

TEST(Polls, ACancelledPollIsAnsweredCancelledAndTakesNothing) {
  Rig rig;
  auto gone = rig.poll_workflow();
  auto there = rig.poll_workflow();
  rig.frontend->cancel(gone->ticket);
  rig.start("w");
  ASSERT_TRUE(gone->answered());
  EXPECT_EQ(gone->status->code(), Code::kCancelled);
  EXPECT_TRUE(there->ok());
}

TEST(Polls, CancellingAnAnsweredCallDoesNothing) {
  Rig rig;
  auto started = rig.start("w");
  rig.frontend->cancel(started->ticket);
  rig.instance->step();
  EXPECT_TRUE(started->ok());
}

TEST(Polls, TasksThatWaitedInTheStoreComeInOrder) {
  Rig rig;
  for (int i = 0; i < 5; ++i) {
    rig.start("w" + std::to_string(i));
  }
  rig.crash_and_restart();
  for (int i = 0; i < 5; ++i) {
    auto poll = rig.poll_workflow();
    ASSERT_TRUE(poll->ok());
    EXPECT_EQ(poll->response.workflow_execution().workflow_id(), "w" + std::to_string(i));
  }
}

TEST(Polls, MoreTasksThanAWindowHoldsAreAllHandedOut) {
  Rig rig;
  auto poll = rig.poll_workflow();
  rig.frontend->cancel(poll->ticket);
  rig.instance->step();
  const int count = static_cast<int>(limits::kQueueWindow) + 50;
  for (int i = 0; i < count; ++i) {
    rig.start("w" + std::to_string(i));
  }
  for (int i = 0; i < count; ++i) {
    poll = rig.poll_workflow();
    ASSERT_TRUE(poll->ok()) << i;
    EXPECT_EQ(poll->response.workflow_execution().workflow_id(), "w" + std::to_string(i));
  }
}

TEST(Polls, ATerminatedRunsTaskIsNotHandedOut) {
  Rig rig;
  auto poll = rig.poll_workflow();
  rig.frontend->cancel(poll->ticket);
  rig.start("dead");
  rig.start("alive");
  wire::TerminateWorkflowExecutionRequest terminate;
  terminate.set_namespace_("default");
  terminate.mutable_workflow_execution()->set_workflow_id("dead");
  rig.call<wire::TerminateWorkflowExecutionResponse>("TerminateWorkflowExecution", terminate);
  poll = rig.poll_workflow();
  ASSERT_TRUE(poll->ok());
  EXPECT_EQ(poll->response.workflow_execution().workflow_id(), "alive");
}

TEST(Polls, AStickyWorkerGetsOnlyTheNewEvents) {
  Rig rig;
  rig.start("w");
  auto task = rig.poll_workflow();
  rig.complete(task->response.task_token(), {}, "sticky-1");
  auto sticky = rig.poll_workflow("sticky-1", enums::TASK_QUEUE_KIND_STICKY);
  EXPECT_FALSE(sticky->answered());
  rig.signal("w", "s");
  ASSERT_TRUE(sticky->ok());
  EXPECT_GT(sticky->response.history().events(0).event_id(), sticky->response.previous_started_event_id());
  EXPECT_TRUE(rig.complete(sticky->response.task_token(), {complete_workflow("1")})->ok());
}

TEST(Polls, ATaskForAStickyWorkerThatIsGoneGoesToTheNormalQueueAtOnce) {
  Rig rig;
  rig.start("w");
  auto task = rig.poll_workflow();
  rig.complete(task->response.task_token(), {}, "sticky-1");
  auto sticky = rig.poll_workflow("sticky-1", enums::TASK_QUEUE_KIND_STICKY);
  rig.frontend->cancel(sticky->ticket);
  rig.instance->step();
  rig.advance(seconds(11));
  auto normal = rig.poll_workflow();
  rig.signal("w", "s");
  ASSERT_TRUE(normal->ok());
  EXPECT_EQ(normal->response.history().events(0).event_id(), 1);
  EXPECT_TRUE(rig.complete(normal->response.task_token(), {complete_workflow("1")})->ok());
}

TEST(Polls, ATaskForAStickyWorkerThatShutDownGoesToTheNormalQueueAtOnce) {
  Rig rig;
  rig.start("w");
  auto task = rig.poll_workflow();
  rig.complete(task->response.task_token(), {}, "sticky-1");
  auto sticky = rig.poll_workflow("sticky-1", enums::TASK_QUEUE_KIND_STICKY);
  wire::ShutdownWorkerRequest request;
  request.set_namespace_("default");
  request.set_sticky_task_queue("sticky-1");
  rig.call<wire::ShutdownWorkerResponse>("ShutdownWorker", request);
  EXPECT_TRUE(sticky->ok());
  auto normal = rig.poll_workflow();
  rig.signal("w", "s");
  EXPECT_TRUE(normal->ok());
}

TEST(Polls, ATaskForAStickyWorkerThatDoesNotComeBackMovesToTheNormalQueue) {
  Rig rig;
  rig.start("w");
  auto task = rig.poll_workflow();
  rig.complete(task->response.task_token(), {}, "sticky-1");
  auto sticky = rig.poll_workflow("sticky-1", enums::TASK_QUEUE_KIND_STICKY);
  rig.frontend->cancel(sticky->ticket);
  rig.instance->step();
  auto normal = rig.poll_workflow();
  rig.signal("w", "s");
  EXPECT_FALSE(normal->answered());
  rig.advance(seconds(6));
  ASSERT_TRUE(normal->ok());
  EXPECT_EQ(normal->response.history().events(0).event_id(), 1);
}

TEST(Polls, AWorkerThatShutsDownGetsItsPollsBackEmpty) {
  Rig rig;
  auto sticky = rig.poll_workflow("sticky-1", enums::TASK_QUEUE_KIND_STICKY);
  wire::PollActivityTaskQueueRequest mine;
  mine.set_namespace_("default");
  mine.mutable_task_queue()->set_name("orders");
  mine.set_worker_instance_key("worker-7");
  auto activity = rig.call<wire::PollActivityTaskQueueResponse>("PollActivityTaskQueue", mine);
  auto other = rig.poll_activity();
  wire::ShutdownWorkerRequest request;
  request.set_namespace_("default");
  request.set_sticky_task_queue("sticky-1");
  request.set_worker_instance_key("worker-7");
  EXPECT_TRUE(rig.call<wire::ShutdownWorkerResponse>("ShutdownWorker", request)->ok());
  EXPECT_TRUE(sticky->ok());
  EXPECT_TRUE(activity->ok());
  EXPECT_FALSE(other->answered());
}

// `count` polls for activities, each saying how many a second the queue may give.
std::vector<PendingPointer<wire::PollActivityTaskQueueResponse>> poll_at_rate(Rig& rig, int count,
                                                                              double per_second) {
  wire::PollActivityTaskQueueRequest request;
  request.set_namespace_("default");
  request.mutable_task_queue()->set_name("orders");
  request.mutable_task_queue_metadata()->mutable_max_tasks_per_second()->set_value(per_second);
  std::vector<PendingPointer<wire::PollActivityTaskQueueResponse>> polls;
  for (int i = 0; i < count; ++i) {
    polls.push_back(rig.call<wire::PollActivityTaskQueueResponse>("PollActivityTaskQueue", request,
                                                                  {.timeout = seconds(70)}));
  }
  return polls;
}

int given(const std::vector<PendingPointer<wire::PollActivityTaskQueueResponse>>& polls) {
  return static_cast<int>(std::count_if(polls.begin(), polls.end(), [](const auto& poll) {
    return poll->answered() && !poll->response.task_token().empty();
  }));
}

TEST(Polls, ForActivitiesGetNoMoreASecondThanTheLastOneAskedFor) {
  Rig rig;
  rig.start("w");
  auto task = rig.poll_workflow();
  const std::vector<Command> commands{schedule_activity("a"), schedule_activity("b"), schedule_activity("c"),
                                      schedule_activity("d")};
  ASSERT_TRUE(rig.complete(task->response.task_token(), commands)->ok());
  const auto polls = poll_at_rate(rig, 4, 0.5);
  EXPECT_EQ(given(polls), 1);
  EXPECT_EQ(rig.instance->wake_at(), rig.clock.time + seconds(1));
  rig.advance(milliseconds(999));
  EXPECT_EQ(given(polls), 1);
  rig.advance(milliseconds(1));
  EXPECT_EQ(given(polls), 2);
  rig.advance(milliseconds(1'999));
  EXPECT_EQ(given(polls), 2);
  rig.advance(milliseconds(1));
  EXPECT_EQ(given(polls), 3);
  auto without = rig.poll_activity();
  EXPECT_EQ(given(polls), 4) << "the last poll asks for no limit";
}

TEST(Polls, ForActivitiesAtARateOfZeroStopTheirQueueOnly) {
  Rig rig;
  rig.start("w");
  auto task = rig.poll_workflow();
  ASSERT_TRUE(
      rig.complete(task->response.task_token(), {schedule_activity("a"), schedule_activity("b", "elsewhere")})
          ->ok());
  const auto polls = poll_at_rate(rig, 1, 0);
  auto elsewhere = rig.poll_activity("elsewhere");
  EXPECT_EQ(given({elsewhere}), 1);
  rig.advance(seconds(59));
  EXPECT_EQ(given(polls), 0);
  auto without = rig.poll_activity();
  EXPECT_EQ(given(polls), 1);
}

}  // namespace
}  // namespace perdure::testing
