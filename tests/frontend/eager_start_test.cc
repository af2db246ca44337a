// Who starts a workflow gets its first workflow task with the answer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/runtime/harness.h"

namespace perdure::testing {
namespace {

using ::testing::ElementsAre;

class EagerStart : public ::testing::Test {
 protected:
  static wire::StartWorkflowExecutionRequest request(const std::string& id) {
    auto request = Rig::start_request(id);
    request.set_request_eager_execution(true);
    request.set_identity("starter");
    return request;
  }
  PendingPointer<wire::StartWorkflowExecutionResponse> start(
      const wire::StartWorkflowExecutionRequest& request) {
    return rig_.call<wire::StartWorkflowExecutionResponse>("StartWorkflowExecution", request);
  }

  Rig rig_;
};

TEST_F(EagerStart, TheAnswerHasTheTaskAndNobodyElseGetsIt) {
  const auto waiting = rig_.poll_workflow();
  const auto started = start(request("w"));
  ASSERT_TRUE(started->ok());
  const auto& task = started->response.eager_workflow_task();
  EXPECT_EQ(task.workflow_execution().run_id(), started->response.run_id());
  EXPECT_EQ(task.workflow_type().name(), "Order");
  EXPECT_EQ(task.attempt(), 1);
  ASSERT_EQ(task.history().events_size(), 3);
  EXPECT_EQ(task.history().events(2).workflow_task_started_event_attributes().identity(), "starter");
  EXPECT_EQ(task.history().events(2).workflow_task_started_event_attributes().request_id(), "start-w");
  EXPECT_FALSE(waiting->status) << "the poller still waits";
  ASSERT_TRUE(rig_.complete(task.task_token(), {complete_workflow("done")})->ok());
  EXPECT_THAT(
      rig_.event_types("w"),
      ElementsAre(enums::EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, enums::EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
                  enums::EVENT_TYPE_WORKFLOW_TASK_STARTED, enums::EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
                  enums::EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED));
}

TEST_F(EagerStart, ARepeatedStartGetsTheSameTask) {
  const auto first = start(request("w"));
  const auto again = start(request("w"));
  ASSERT_TRUE(again->ok());
  EXPECT_EQ(again->response.run_id(), first->response.run_id());
  EXPECT_EQ(again->response.eager_workflow_task().task_token(),
            first->response.eager_workflow_task().task_token());
  ASSERT_TRUE(
      rig_.complete(first->response.eager_workflow_task().task_token(), {start_timer("t", 60)})->ok());
  EXPECT_FALSE(start(request("w"))->response.has_eager_workflow_task()) << "it was completed";
}

TEST_F(EagerStart, WhoDoesNotAskOrMustWaitGetsNone) {
  EXPECT_FALSE(rig_.start("plain")->response.has_eager_workflow_task());
  auto delayed = request("delayed");
  delayed.mutable_workflow_start_delay()->set_seconds(60);
  const auto started = start(delayed);
  ASSERT_TRUE(started->ok());
  EXPECT_FALSE(started->response.has_eager_workflow_task());
}

TEST_F(EagerStart, ATaskThatIsNotAnsweredGoesToTheQueue) {
  start(request("late"));
  const auto poll = rig_.poll_workflow();
  EXPECT_FALSE(poll->status);
  rig_.advance(seconds(11));
  ASSERT_TRUE(poll->status && poll->ok());
  EXPECT_EQ(poll->response.workflow_execution().workflow_id(), "late");
  EXPECT_EQ(poll->response.attempt(), 2);
}

TEST_F(EagerStart, AfterACrashTheTaskWaitsOnItsQueue) {
  const auto started = start(request("w"));
  rig_.crash_and_restart();
  EXPECT_EQ(rig_.complete(started->response.eager_workflow_task().task_token(), {})->status->code(),
            Code::kNotFound);
  EXPECT_EQ(rig_.poll_workflow()->response.workflow_execution().workflow_id(), "w");
}

}  // namespace
}  // namespace perdure::testing
