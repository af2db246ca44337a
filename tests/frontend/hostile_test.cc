// Requests that are accepted and would do harm later. Found by perdure-fuzz-requests.
#include <gtest/gtest.h>

#include <limits>

#include "tests/runtime/harness.h"

namespace perdure::testing {
namespace {

using temporal::api::failure::v1::Failure;

// Messages within messages, itself included.
Failure nested(int depth) {
  Failure failure;
  Failure* deepest = &failure;
  for (int i = 1; i < depth; ++i) {
    deepest = deepest->mutable_cause();
  }
  return failure;
}

// What a client's parser makes of it.
template <class Response>
bool can_be_parsed(const Response& response) {
  return Response().ParseFromString(response.SerializeAsString());
}

TEST(Hostile, ADeeplyNestedStartIsRefusedOrCanBeReadAgain) {
  int accepted = 0;
  for (int depth = 70; depth < 101; ++depth) {
    Rig rig;
    auto request = Rig::start_request("w");
    *request.mutable_continued_failure() = nested(depth);
    if (rig.call<wire::StartWorkflowExecutionResponse>("StartWorkflowExecution", request)->ok()) {
      ++accepted;
      EXPECT_TRUE(can_be_parsed(rig.poll_workflow()->response)) << depth;
      rig.crash_and_restart();
      EXPECT_EQ(rig.event_types("w").size(), 2U) << depth;
    }
  }
  EXPECT_GT(accepted, 10);
  EXPECT_LT(accepted, 31);
}

TEST(Hostile, ADeeplyNestedCommandIsRefusedOrCanBeReadAgain) {
  for (int depth = 70; depth < 101; ++depth) {
    Rig rig;
    rig.start("w");
    wire::RespondWorkflowTaskCompletedRequest request;
    request.set_task_token(rig.poll_workflow()->response.task_token());
    request.set_return_new_workflow_task(true);
    request.set_force_create_new_workflow_task(true);
    Command& command = *request.add_commands();
    command.set_command_type(enums::COMMAND_TYPE_RECORD_MARKER);
    command.mutable_record_marker_command_attributes()->set_marker_name("m");
    *command.mutable_record_marker_command_attributes()->mutable_failure() = nested(depth);
    auto completed =
        rig.call<wire::RespondWorkflowTaskCompletedResponse>("RespondWorkflowTaskCompleted", request);
    if (completed->ok()) {
      EXPECT_TRUE(can_be_parsed(completed->response)) << depth;
      EXPECT_GT(completed->response.workflow_task().history().events_size(), 3) << depth;
      EXPECT_TRUE(can_be_parsed(rig.history(Rig::history_request("w"))->response)) << depth;
    }
  }
}

// The timeout wraps the last attempt's failure in its own.
TEST(Hostile, ADeeplyNestedActivityFailureIsRefusedOrCanBeReadAgain) {
  for (int depth = 70; depth < 101; ++depth) {
    Rig rig;
    rig.start("w");
    Command command = schedule_activity("a");
    command.mutable_schedule_activity_task_command_attributes()
        ->mutable_schedule_to_close_timeout()
        ->set_seconds(20);
    rig.complete(rig.poll_workflow()->response.task_token(), {command});
    wire::RespondActivityTaskFailedRequest request;
    request.set_task_token(rig.poll_activity()->response.task_token());
    *request.mutable_failure() = nested(depth);
    request.mutable_failure()->mutable_application_failure_info();
    if (rig.call<wire::RespondActivityTaskFailedResponse>("RespondActivityTaskFailed", request)->ok()) {
      EXPECT_TRUE(can_be_parsed(rig.describe("w")->response)) << depth;
      rig.advance(seconds(20));
      EXPECT_TRUE(can_be_parsed(rig.poll_workflow()->response)) << depth;
      rig.crash_and_restart();
      EXPECT_TRUE(rig.describe("w")->ok()) << depth;
    }
  }
}

// The default of the maximum, a hundred times the initial interval, was computed before anything was checked.
TEST(Hostile, ARetryIntervalFarBelowZeroIsRefused) {
  Rig rig;
  auto request = Rig::start_request("w");
  request.mutable_retry_policy()->mutable_initial_interval()->set_seconds(
      std::numeric_limits<std::int64_t>::min());
  auto started = rig.call<wire::StartWorkflowExecutionResponse>("StartWorkflowExecution", request);
  ASSERT_TRUE(started->answered());
  EXPECT_EQ(started->status->message(), "invalid InitialInterval set on retry policy: negative duration");
}

// Its deadline was computed past the end of time, and lay in the past.
TEST(Hostile, AStickyTaskThatMayWaitForEverWaitsOnItsQueue) {
  Rig rig;
  rig.start("w");
  wire::RespondWorkflowTaskCompletedRequest request;
  request.set_task_token(rig.poll_workflow()->response.task_token());
  auto* sticky = request.mutable_sticky_attributes();
  sticky->mutable_worker_task_queue()->set_name("sticky");
  sticky->mutable_schedule_to_start_timeout()->set_seconds(9'223'372'036);
  rig.call<wire::RespondWorkflowTaskCompletedResponse>("RespondWorkflowTaskCompleted", request);
  rig.poll_workflow("sticky", enums::TASK_QUEUE_KIND_STICKY, {.timeout = seconds(2)});  // it lives
  rig.advance(seconds(1));
  rig.signal("w", "s");
  rig.advance(seconds(5));
  auto worker = rig.poll_workflow("sticky", enums::TASK_QUEUE_KIND_STICKY);
  ASSERT_TRUE(worker->ok());
  EXPECT_EQ(worker->response.workflow_execution().workflow_id(), "w");
}

}  // namespace
}  // namespace perdure::testing
