// Starting and ending runs: attributes and details that the transcripts do not show.
#include <gtest/gtest.h>

#include "api/convert.h"
#include "engine/durations.h"
#include "harness.h"
#include "temporal/api/errordetails/v1/message.pb.h"

namespace perdure::engine::testing {
namespace {

TEST(Start, TheFirstEventHoldsEverythingThatWasAskedFor) {
  World world;
  auto request = start_request("w");
  *request.mutable_input() = text("in");
  (*request.mutable_header()->mutable_fields())["h"].set_data("1");
  (*request.mutable_memo()->mutable_fields())["m"].set_data("2");
  (*request.mutable_search_attributes()->mutable_indexed_fields())["s"].set_data("3");
  *request.mutable_workflow_execution_timeout() = seconds(3600);
  *request.mutable_workflow_task_timeout() = seconds(500);
  request.mutable_retry_policy()->set_maximum_attempts(3);
  request.mutable_user_metadata()->mutable_summary()->set_data("why");
  request.mutable_priority()->set_priority_key(4);
  ASSERT_TRUE(world.start(request).ok());
  const history::HistoryEvent& event = world.kept("w").events[0];
  const auto& started = event.workflow_execution_started_event_attributes();
  EXPECT_EQ(started.input().payloads(0).data(), "\"in\"");
  EXPECT_EQ(started.header().fields().at("h").data(), "1");
  EXPECT_EQ(started.memo().fields().at("m").data(), "2");
  EXPECT_EQ(started.search_attributes().indexed_fields().at("s").data(), "3");
  EXPECT_EQ(nanos(started.workflow_execution_timeout()), 3'600'000'000'000);
  EXPECT_EQ(nanos(started.workflow_run_timeout()), 3'600'000'000'000)
      << "its default is the execution timeout";
  EXPECT_EQ(nanos(started.workflow_task_timeout()), 120'000'000'000) << "capped";
  EXPECT_EQ(started.retry_policy().maximum_attempts(), 3);
  EXPECT_EQ(nanos(started.retry_policy().initial_interval()), 1'000'000'000);
  EXPECT_EQ(api::from_proto(started.workflow_execution_expiration_time()), kStart + std::chrono::hours(1));
  EXPECT_EQ(started.attempt(), 1);
  EXPECT_EQ(started.workflow_id(), "w");
  EXPECT_EQ(started.first_execution_run_id(), world.kept("w").run_id.value);
  EXPECT_EQ(started.original_execution_run_id(), world.kept("w").run_id.value);
  EXPECT_EQ(started.task_queue().kind(), enums::TASK_QUEUE_KIND_NORMAL);
  EXPECT_EQ(event.user_metadata().summary().data(), "why");
  const auto described = describe_workflow(world.execution("w"), world.now());
  EXPECT_EQ(described.execution_config().user_metadata().summary().data(), "why");
  EXPECT_EQ(described.workflow_execution_info().priority().priority_key(), 4);
}

TEST(Start, AnIdThatIsTakenNamesTheRunThatHasIt) {
  World world;
  ASSERT_TRUE(world.start(start_request("w")).ok());
  auto second = start_request("w");
  second.set_request_id("other");
  const Status status = world.start(second).status();
  EXPECT_EQ(status.code(), Code::kAlreadyExists);
  EXPECT_EQ(status.detail_type(), "temporal.api.errordetails.v1.WorkflowExecutionAlreadyStartedFailure");
  temporal::api::errordetails::v1::WorkflowExecutionAlreadyStartedFailure detail;
  ASSERT_TRUE(detail.ParseFromString(status.detail()));
  EXPECT_EQ(detail.run_id(), world.kept("w").run_id.value);
  EXPECT_EQ(detail.start_request_id(), "start-w");
  EXPECT_EQ(detail.first_execution_run_id(), world.kept("w").run_id.value);
}

TEST(Start, TerminatingTheOldRunAndStartingTheNewOneIsOneOutcome) {
  World world;
  ASSERT_TRUE(world.start(start_request("w")).ok());
  auto second = start_request("w");
  second.set_request_id("other");
  second.set_workflow_id_conflict_policy(enums::WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING);
  Outcome out;
  ASSERT_TRUE(start_workflow(out, &world.execution("w"), second, world.context()).ok());
  ASSERT_EQ(out.writes.size(), 2U);
  EXPECT_FALSE(out.writes[0].make_current);
  EXPECT_TRUE(out.writes[1].create);
  EXPECT_TRUE(out.writes[1].make_current);
  EXPECT_EQ(out.created.size(), 1U);
}

TEST(Run, CancelAndTerminateOfAnotherChainAreRefused) {
  World world;
  ASSERT_TRUE(world.start(start_request("w")).ok());
  wire::RequestCancelWorkflowExecutionRequest cancel;
  cancel.set_first_execution_run_id("another");
  wire::TerminateWorkflowExecutionRequest terminate;
  terminate.set_first_execution_run_id("another");
  Outcome out;
  EXPECT_EQ(request_cancel_workflow(out, world.execution("w"), cancel, world.context()).status().to_string(),
            "NOT_FOUND: workflow execution not found");
  EXPECT_EQ(terminate_workflow(out, world.execution("w"), terminate, world.context()).status().to_string(),
            "NOT_FOUND: workflow execution not found");
  EXPECT_TRUE(out.writes.empty());
}

TEST(Run, AContinuedRunTakesOverWhatTheCommandSays) {
  World world;
  auto request = start_request("w");
  request.mutable_retry_policy()->set_maximum_attempts(3);
  ASSERT_TRUE(world.start(request).ok());
  const std::string first_run = world.kept("w").run_id.value;
  command::Command next;
  next.set_command_type(enums::COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION);
  auto* attributes = next.mutable_continue_as_new_workflow_execution_command_attributes();
  *attributes->mutable_last_completion_result() = text("last");
  attributes->mutable_failure()->set_message("before");
  (*attributes->mutable_memo()->mutable_fields())["m"].set_data("1");
  attributes->mutable_retry_policy()->set_maximum_attempts(7);
  *attributes->mutable_backoff_start_interval() = seconds(30);
  attributes->mutable_task_queue()->set_name("other");
  complete_task(world, "w", take_workflow_task(world).ref, {next});
  const auto& started = world.kept("w").events[0].workflow_execution_started_event_attributes();
  EXPECT_EQ(started.continued_execution_run_id(), first_run);
  EXPECT_EQ(started.first_execution_run_id(), first_run);
  EXPECT_EQ(started.last_completion_result().payloads(0).data(), "\"last\"");
  EXPECT_EQ(started.continued_failure().message(), "before");
  EXPECT_EQ(started.memo().fields().at("m").data(), "1");
  EXPECT_EQ(started.retry_policy().maximum_attempts(), 7);
  EXPECT_EQ(nanos(started.first_workflow_task_backoff()), 30'000'000'000);
  EXPECT_EQ(started.task_queue().name(), "other");
  EXPECT_EQ(started.attempt(), 1);
  EXPECT_EQ(world.kept(ExecutionId{1}).events.back().event_type(),
            enums::EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW);
}

TEST(Run, TheClosedRunNamesItsSuccessor) {
  World world;
  ASSERT_TRUE(world.start(start_request("w")).ok());
  command::Command next;
  next.set_command_type(enums::COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION);
  next.mutable_continue_as_new_workflow_execution_command_attributes();
  complete_task(world, "w", take_workflow_task(world).ref, {next});
  state::ExecutionState first;
  ASSERT_TRUE(first.ParseFromString(world.kept(ExecutionId{1}).state));
  EXPECT_EQ(first.successor_run_id(), world.kept("w").run_id.value);
}

}  // namespace
}  // namespace perdure::engine::testing
