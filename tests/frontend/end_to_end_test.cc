// Whole workflows through the frontend: what a client and a worker see.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/runtime/harness.h"

namespace perdure::testing {
namespace {

using ::testing::ElementsAre;

// The close event of a finished workflow.
temporal::api::history::v1::HistoryEvent close_event(
    const wire::GetWorkflowExecutionHistoryResponse& response) {
  EXPECT_EQ(response.history().events_size(), 1);
  return response.history().events(0);
}

TEST(EndToEnd, AWorkflowWithAnActivityRunsToItsResult) {
  Rig rig;
  auto started = rig.start("w");
  ASSERT_TRUE(started->ok());
  EXPECT_TRUE(started->response.started());
  auto result = rig.wait_for_close("w");
  EXPECT_FALSE(result->answered());

  auto task = rig.poll_workflow();
  ASSERT_TRUE(task->ok());
  EXPECT_EQ(task->response.workflow_execution().run_id(), started->response.run_id());
  EXPECT_EQ(task->response.workflow_type().name(), "Order");
  EXPECT_EQ(task->response.workflow_execution_task_queue().name(), "orders");
  EXPECT_EQ(task->response.history().events_size(), 3);
  EXPECT_EQ(task->response.started_event_id(), 3);
  EXPECT_TRUE(task->response.next_page_token().empty());
  ASSERT_TRUE(rig.complete(task->response.task_token(), {schedule_activity("a")})->ok());

  auto activity = rig.poll_activity();
  ASSERT_TRUE(activity->ok());
  EXPECT_EQ(activity->response.activity_type().name(), "charge");
  EXPECT_EQ(activity->response.workflow_execution().workflow_id(), "w");
  ASSERT_TRUE(rig.complete_activity(activity->response.task_token(), "41")->ok());

  task = rig.poll_workflow();
  ASSERT_TRUE(task->ok());
  ASSERT_TRUE(rig.complete(task->response.task_token(), {complete_workflow("42")})->ok());
  ASSERT_TRUE(result->ok());
  const auto event = close_event(result->response);
  EXPECT_EQ(event.event_type(), enums::EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED);
  EXPECT_EQ(event.workflow_execution_completed_event_attributes().result().payloads(0).data(), "42");
  EXPECT_TRUE(result->response.next_page_token().empty());
  EXPECT_THAT(
      rig.event_types("w"),
      ElementsAre(enums::EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, enums::EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
                  enums::EVENT_TYPE_WORKFLOW_TASK_STARTED, enums::EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
                  enums::EVENT_TYPE_ACTIVITY_TASK_SCHEDULED, enums::EVENT_TYPE_ACTIVITY_TASK_STARTED,
                  enums::EVENT_TYPE_ACTIVITY_TASK_COMPLETED, enums::EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
                  enums::EVENT_TYPE_WORKFLOW_TASK_STARTED, enums::EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
                  enums::EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED));
}

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"  // of the field in which SDKs report their build
TEST(EndToEnd, TheBuildOfAWorkerIsRecordedWithWhatItStarts) {
  Rig rig;
  rig.start("w");
  wire::PollWorkflowTaskQueueRequest poll;
  poll.set_namespace_("default");
  poll.mutable_task_queue()->set_name("orders");
  poll.mutable_worker_version_capabilities()->set_build_id("7f3a");
  auto task = rig.call<wire::PollWorkflowTaskQueueResponse>("PollWorkflowTaskQueue", poll);
  ASSERT_TRUE(task->ok());
  const auto& started = task->response.history().events(2).workflow_task_started_event_attributes();
  EXPECT_EQ(started.worker_version().build_id(), "7f3a");
  ASSERT_TRUE(rig.complete(task->response.task_token(), {schedule_activity("a")})->ok());
  wire::RespondActivityTaskCompletedRequest done;
  done.set_namespace_("default");
  done.set_task_token(rig.poll_activity()->response.task_token());
  done.mutable_worker_version()->set_build_id("8b");
  ASSERT_TRUE(
      rig.call<wire::RespondActivityTaskCompletedResponse>("RespondActivityTaskCompleted", done)->ok());
  std::vector<std::string> builds;
  task = rig.poll_workflow();
  ASSERT_TRUE(task->ok());
  for (const auto& event : task->response.history().events()) {
    builds.push_back(event.workflow_task_started_event_attributes().worker_version().build_id() +
                     event.activity_task_started_event_attributes().worker_version().build_id());
  }
  EXPECT_THAT(builds, ElementsAre("", "", "7f3a", "", "", "8b", "", "", ""));
}

TEST(EndToEnd, AnActivityThatIsFailedByIdNeedsNoKindOfFailure) {
  Rig rig;
  rig.start("w");
  ASSERT_TRUE(rig.complete(rig.poll_workflow()->response.task_token(), {schedule_activity("a")})->ok());
  const std::string token = rig.poll_activity()->response.task_token();
  wire::RespondActivityTaskFailedRequest by_token;
  by_token.set_task_token(token);
  by_token.mutable_failure()->mutable_canceled_failure_info();
  EXPECT_EQ(rig.call<wire::RespondActivityTaskFailedResponse>("RespondActivityTaskFailed", by_token)
                ->status->message(),
            "Failure must have ApplicationFailureInfo.");
  wire::RespondActivityTaskFailedByIdRequest by_id;
  by_id.set_namespace_("default");
  by_id.set_workflow_id("w");
  by_id.set_activity_id("a");
  *by_id.mutable_failure() = by_token.failure();
  EXPECT_TRUE(
      rig.call<wire::RespondActivityTaskFailedByIdResponse>("RespondActivityTaskFailedById", by_id)->ok());
}

TEST(EndToEnd, ARunThatLastsAsLongAsItsExecutionTimesOutWithIt) {
  for (const std::int64_t nanoseconds : {0, 300'000, 700'000}) {
    Rig rig;
    rig.clock.time.nanos += nanoseconds;  // the end of the execution is rounded to milliseconds
    wire::StartWorkflowExecutionRequest request = rig.start_request("w");
    request.mutable_workflow_execution_timeout()->set_seconds(1);
    ASSERT_TRUE(rig.call<wire::StartWorkflowExecutionResponse>("StartWorkflowExecution", request)->ok());
    auto result = rig.wait_for_close("w");
    rig.advance(seconds(2));
    ASSERT_TRUE(result->ok());
    EXPECT_EQ(close_event(result->response).workflow_execution_timed_out_event_attributes().retry_state(),
              enums::RETRY_STATE_TIMEOUT)
        << nanoseconds;
  }
}

TEST(EndToEnd, ATerminationThatNamesTheFirstRunOfAChainMeansItsLastRun) {
  Rig rig;
  auto started = rig.start("w");
  wire::TerminateWorkflowExecutionRequest request;
  request.set_namespace_("default");
  request.mutable_workflow_execution()->set_workflow_id("w");
  request.mutable_workflow_execution()->set_run_id("99999999-9999-4999-8999-999999999999");
  const auto terminate = [&] {
    return *rig.call<wire::TerminateWorkflowExecutionResponse>("TerminateWorkflowExecution", request)->status;
  };
  EXPECT_EQ(terminate().code(), Code::kNotFound);
  request.set_first_execution_run_id(request.workflow_execution().run_id());
  EXPECT_EQ(terminate().message(), "workflow execution not found");
  request.set_first_execution_run_id(started->response.run_id());
  EXPECT_TRUE(terminate().ok());
}

TEST(EndToEnd, AWorkerThatReliesOnVersioningIsRefused) {
  Rig rig;
  wire::PollWorkflowTaskQueueRequest poll;
  poll.set_namespace_("default");
  poll.mutable_task_queue()->set_name("orders");
  poll.mutable_worker_version_capabilities()->set_use_versioning(true);
  auto refused = rig.call<wire::PollWorkflowTaskQueueResponse>("PollWorkflowTaskQueue", poll);
  EXPECT_EQ(refused->status->code(), Code::kUnimplemented);
  poll.clear_worker_version_capabilities();
  poll.mutable_deployment_options()->set_worker_versioning_mode(enums::WORKER_VERSIONING_MODE_VERSIONED);
  refused = rig.call<wire::PollWorkflowTaskQueueResponse>("PollWorkflowTaskQueue", poll);
  EXPECT_EQ(refused->status->code(), Code::kUnimplemented);
}
#pragma clang diagnostic pop

TEST(EndToEnd, AnEagerActivityComesWithTheCompletionThatScheduledIt) {
  Rig rig;
  rig.start("w");
  auto task = rig.poll_workflow();
  Command command = schedule_activity("a");
  command.mutable_schedule_activity_task_command_attributes()->set_request_eager_execution(true);
  auto completed = rig.complete(task->response.task_token(), {command});
  ASSERT_TRUE(completed->ok());
  ASSERT_EQ(completed->response.activity_tasks_size(), 1);
  const auto& activity = completed->response.activity_tasks(0);
  EXPECT_EQ(activity.activity_id(), "a");
  EXPECT_TRUE(rig.complete_activity(activity.task_token(), "1")->ok());
}

TEST(EndToEnd, ACompletionMayBringTheNextTaskBack) {
  Rig rig;
  rig.start("w");
  auto task = rig.poll_workflow();
  wire::RespondWorkflowTaskCompletedRequest request;
  request.set_task_token(task->response.task_token());
  request.set_return_new_workflow_task(true);
  request.set_force_create_new_workflow_task(true);
  auto completed =
      rig.call<wire::RespondWorkflowTaskCompletedResponse>("RespondWorkflowTaskCompleted", request);
  ASSERT_TRUE(completed->ok());
  ASSERT_TRUE(completed->response.has_workflow_task());
  const auto& next = completed->response.workflow_task();
  EXPECT_FALSE(next.task_token().empty());
  EXPECT_GT(next.history().events_size(), 0);
  EXPECT_TRUE(rig.complete(next.task_token(), {complete_workflow("1")})->ok());
}

TEST(EndToEnd, ASignalReachesTheWorkflow) {
  Rig rig;
  rig.start("w");
  auto task = rig.poll_workflow();
  rig.complete(task->response.task_token(), {});
  ASSERT_TRUE(rig.signal("w", "approve")->ok());
  task = rig.poll_workflow();
  ASSERT_TRUE(task->ok());
  bool found = false;
  for (const auto& event : task->response.history().events()) {
    found |= event.workflow_execution_signaled_event_attributes().signal_name() == "approve";
  }
  EXPECT_TRUE(found);
}

TEST(EndToEnd, TerminateClosesAndTheSecondOneFindsNothingOpen) {
  Rig rig;
  rig.start("w");
  auto result = rig.wait_for_close("w");
  wire::TerminateWorkflowExecutionRequest request;
  request.set_namespace_("default");
  request.mutable_workflow_execution()->set_workflow_id("w");
  EXPECT_TRUE(
      rig.call<wire::TerminateWorkflowExecutionResponse>("TerminateWorkflowExecution", request)->ok());
  ASSERT_TRUE(result->ok());
  const auto event = close_event(result->response);
  EXPECT_EQ(event.event_type(), enums::EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED);
  EXPECT_EQ(event.workflow_execution_terminated_event_attributes().reason(),
            "terminated by user via frontend");
  auto again = rig.call<wire::TerminateWorkflowExecutionResponse>("TerminateWorkflowExecution", request);
  ASSERT_TRUE(again->answered());
  EXPECT_EQ(again->status->code(), Code::kNotFound);
  EXPECT_EQ(again->status->message(), "workflow execution already completed");
}

TEST(EndToEnd, ARequestToCancelReachesTheWorkflow) {
  Rig rig;
  rig.start("w");
  wire::RequestCancelWorkflowExecutionRequest request;
  request.set_namespace_("default");
  request.mutable_workflow_execution()->set_workflow_id("w");
  EXPECT_TRUE(
      rig.call<wire::RequestCancelWorkflowExecutionResponse>("RequestCancelWorkflowExecution", request)
          ->ok());
  EXPECT_THAT(rig.event_types("w"),
              ::testing::Contains(enums::EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED));
}

TEST(EndToEnd, ContinueAsNewGoesOnInANewRunOfTheSameId) {
  Rig rig;
  auto first = rig.start("w");
  auto task = rig.poll_workflow();
  Command command;
  command.set_command_type(enums::COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION);
  command.mutable_continue_as_new_workflow_execution_command_attributes()->mutable_workflow_type()->set_name(
      "Order");
  command.mutable_continue_as_new_workflow_execution_command_attributes()->mutable_task_queue()->set_name(
      "orders");
  ASSERT_TRUE(rig.complete(task->response.task_token(), {command})->ok());
  rig.advance(seconds(2));  // at most one start of an id per second
  auto next = rig.poll_workflow();
  ASSERT_TRUE(next->ok());
  EXPECT_EQ(next->response.workflow_execution().workflow_id(), "w");
  EXPECT_NE(next->response.workflow_execution().run_id(), first->response.run_id());
  auto request = Rig::history_request("w");
  request.mutable_execution()->set_run_id(first->response.run_id());
  auto old_run = rig.history(request);
  ASSERT_TRUE(old_run->ok());
  EXPECT_EQ(old_run->response.history().events().rbegin()->event_type(),
            enums::EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW);
}

TEST(EndToEnd, StartIsIdempotentByRequestId) {
  Rig rig;
  auto first = rig.start("w");
  auto again = rig.start("w");
  ASSERT_TRUE(again->ok());
  EXPECT_EQ(again->response.run_id(), first->response.run_id());
  EXPECT_TRUE(again->response.started()) << "a repeated request is the same request";
  EXPECT_EQ(again->response.first_execution_run_id(), first->response.run_id());
  EXPECT_EQ(again->response.status(), enums::WORKFLOW_EXECUTION_STATUS_RUNNING);
}

TEST(EndToEnd, ARunningWorkflowAnswersAStartThatUsesWhatExists) {
  Rig rig;
  auto first = rig.start("w");
  auto request = Rig::start_request("w");
  request.set_request_id("another");
  request.set_workflow_id_conflict_policy(enums::WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING);
  auto second = rig.call<wire::StartWorkflowExecutionResponse>("StartWorkflowExecution", request);
  ASSERT_TRUE(second->ok());
  EXPECT_EQ(second->response.run_id(), first->response.run_id());
  EXPECT_FALSE(second->response.started());
}

TEST(EndToEnd, AMissingRequestIdIsFilledIn) {
  Rig rig;
  auto request = Rig::start_request("w");
  request.clear_request_id();
  EXPECT_TRUE(rig.call<wire::StartWorkflowExecutionResponse>("StartWorkflowExecution", request)->ok());
  auto again = rig.call<wire::StartWorkflowExecutionResponse>("StartWorkflowExecution", request);
  ASSERT_TRUE(again->answered());
  EXPECT_EQ(again->status->code(), Code::kAlreadyExists);
}

TEST(EndToEnd, AnActivityCanBeCompletedByItsId) {
  Rig rig;
  rig.start("w");
  auto task = rig.poll_workflow();
  rig.complete(task->response.task_token(), {schedule_activity("a")});
  auto activity = rig.poll_activity();
  ASSERT_TRUE(activity->ok());
  wire::RecordActivityTaskHeartbeatByIdRequest beat;
  beat.set_namespace_("default");
  beat.set_workflow_id("w");
  beat.set_activity_id("a");
  EXPECT_TRUE(
      rig.call<wire::RecordActivityTaskHeartbeatByIdResponse>("RecordActivityTaskHeartbeatById", beat)->ok());
  wire::RespondActivityTaskCompletedByIdRequest request;
  request.set_namespace_("default");
  request.set_workflow_id("w");
  request.set_activity_id("a");
  *request.mutable_result() = payloads("7");
  EXPECT_TRUE(
      rig.call<wire::RespondActivityTaskCompletedByIdResponse>("RespondActivityTaskCompletedById", request)
          ->ok());
  auto late = rig.complete_activity(activity->response.task_token(), "8");
  ASSERT_TRUE(late->answered());
  EXPECT_EQ(late->status->code(), Code::kNotFound);
  EXPECT_EQ(late->status->message(),
            "invalid activityID or activity already timed out or invoking workflow is completed");
}

TEST(EndToEnd, AFailedActivityIsRetried) {
  Rig rig;
  rig.start("w");
  auto task = rig.poll_workflow();
  rig.complete(task->response.task_token(), {schedule_activity("a")});
  auto activity = rig.poll_activity();
  wire::RespondActivityTaskFailedRequest request;
  request.set_task_token(activity->response.task_token());
  request.mutable_failure()->set_message("no money");
  request.mutable_failure()->mutable_application_failure_info()->set_type("Poor");
  ASSERT_TRUE(rig.call<wire::RespondActivityTaskFailedResponse>("RespondActivityTaskFailed", request)->ok());
  auto again = rig.poll_activity();
  EXPECT_FALSE(again->answered());
  rig.advance(seconds(1));
  ASSERT_TRUE(again->ok());
  EXPECT_EQ(again->response.attempt(), 2);
}

TEST(EndToEnd, AnOversizeResultFailsTheActivityWithoutRetry) {
  Rig rig;
  rig.start("w");
  auto task = rig.poll_workflow();
  rig.complete(task->response.task_token(), {schedule_activity("a")});
  auto activity = rig.poll_activity();
  auto completed = rig.complete_activity(activity->response.task_token(), std::string(2'097'200, 'x'));
  EXPECT_TRUE(completed->ok());
  auto events = rig.history(Rig::history_request("w"));
  bool failed = false;
  for (const auto& event : events->response.history().events()) {
    if (event.has_activity_task_failed_event_attributes()) {
      failed = true;
      const auto& failure = event.activity_task_failed_event_attributes().failure();
      EXPECT_EQ(failure.message(), "Complete result exceeds size limit.");
      EXPECT_TRUE(failure.server_failure_info().non_retryable());
    }
  }
  EXPECT_TRUE(failed);
}

TEST(EndToEnd, AnOversizeHeartbeatFailsTheActivityAndTellsItsWorkerToStop) {
  Rig rig;
  rig.start("w");
  auto task = rig.poll_workflow();
  rig.complete(task->response.task_token(), {schedule_activity("a")});
  auto activity = rig.poll_activity();
  wire::RecordActivityTaskHeartbeatRequest request;
  request.set_task_token(activity->response.task_token());
  *request.mutable_details() = payloads(std::string(2'097'200, 'x'));
  auto beat = rig.call<wire::RecordActivityTaskHeartbeatResponse>("RecordActivityTaskHeartbeat", request);
  ASSERT_TRUE(beat->ok());
  EXPECT_TRUE(beat->response.cancel_requested());
  EXPECT_THAT(rig.event_types("w"), ::testing::Contains(enums::EVENT_TYPE_ACTIVITY_TASK_FAILED));
}

TEST(EndToEnd, AFailedWorkflowTaskIsHandedOutAgain) {
  Rig rig;
  rig.start("w");
  auto task = rig.poll_workflow();
  wire::RespondWorkflowTaskFailedRequest request;
  request.set_task_token(task->response.task_token());
  request.set_cause(enums::WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE);
  request.mutable_failure()->set_message("bug");
  ASSERT_TRUE(rig.call<wire::RespondWorkflowTaskFailedResponse>("RespondWorkflowTaskFailed", request)->ok());
  auto again = rig.poll_workflow();
  ASSERT_TRUE(again->ok());
  EXPECT_EQ(again->response.attempt(), 2);
  EXPECT_TRUE(rig.complete(again->response.task_token(), {complete_workflow("1")})->ok());
}

}  // namespace
}  // namespace perdure::testing
