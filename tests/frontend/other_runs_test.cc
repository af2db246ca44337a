// Runs that reach other runs, through the frontend: children, signals and cancellations of others, and starts
// that come with a signal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/runtime/harness.h"

namespace perdure::testing {
namespace {

using ::testing::Contains;
using ::testing::Not;

Command start_child(const std::string& id, enums::ParentClosePolicy policy) {
  Command command;
  command.set_command_type(enums::COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION);
  auto* attributes = command.mutable_start_child_workflow_execution_command_attributes();
  attributes->set_workflow_id(id);
  attributes->mutable_workflow_type()->set_name("Part");
  attributes->mutable_task_queue()->set_name("parts");
  attributes->set_parent_close_policy(policy);
  return command;
}

Command signal_external(const std::string& id) {
  Command command;
  command.set_command_type(enums::COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION);
  auto* attributes = command.mutable_signal_external_workflow_execution_command_attributes();
  attributes->mutable_execution()->set_workflow_id(id);
  attributes->set_signal_name("hello");
  return command;
}

wire::SignalWithStartWorkflowExecutionRequest signal_with_start(const std::string& id,
                                                                const std::string& request_id) {
  wire::SignalWithStartWorkflowExecutionRequest request;
  request.set_namespace_("default");
  request.set_workflow_id(id);
  request.mutable_workflow_type()->set_name("Order");
  request.mutable_task_queue()->set_name("orders");
  request.set_signal_name("go");
  request.set_request_id(request_id);
  return request;
}

auto call(Rig& rig, const wire::SignalWithStartWorkflowExecutionRequest& request) {
  return rig.call<wire::SignalWithStartWorkflowExecutionResponse>("SignalWithStartWorkflowExecution",
                                                                  request);
}

TEST(OtherRuns, AChildRunsAndItsResultReachesTheParent) {
  Rig rig;
  auto parent = rig.start("p");
  ASSERT_TRUE(rig.complete(rig.poll_workflow()->response.task_token(),
                           {start_child("c", enums::PARENT_CLOSE_POLICY_TERMINATE)})
                  ->ok());
  auto described = rig.describe("p");
  ASSERT_EQ(described->response.pending_children_size(), 1);
  EXPECT_EQ(described->response.pending_children(0).workflow_id(), "c");
  EXPECT_EQ(described->response.pending_children(0).initiated_id(), 5);
  const std::string child_run = described->response.pending_children(0).run_id();
  auto child = rig.describe("c");
  const auto& info = child->response.workflow_execution_info();
  EXPECT_EQ(info.execution().run_id(), child_run);
  EXPECT_EQ(info.parent_execution().run_id(), parent->response.run_id());
  EXPECT_EQ(info.root_execution().workflow_id(), "p");
  EXPECT_FALSE(info.parent_namespace_id().empty());
  auto task = rig.poll_workflow("parts");
  ASSERT_TRUE(task->ok());
  ASSERT_TRUE(rig.complete(task->response.task_token(), {complete_workflow("7")})->ok());
  const auto events = rig.history(Rig::history_request("p"))->response.history();
  const auto& completed = [&]() -> const auto& {
    for (const auto& event : events.events()) {
      if (event.event_type() == enums::EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED) {
        return event.child_workflow_execution_completed_event_attributes();
      }
    }
    return events.events(0).child_workflow_execution_completed_event_attributes();
  }();
  EXPECT_EQ(completed.result().payloads(0).data(), "7");
  EXPECT_EQ(completed.started_event_id(), 6);
  EXPECT_EQ(rig.describe("p")->response.pending_children_size(), 0);
}

TEST(OtherRuns, WhatAProcessLeftUndeliveredIsDeliveredByTheNextOne) {
  Rig rig;
  rig.start("p");
  auto task = rig.poll_workflow();
  std::vector<Command> commands;
  for (int i = 0; i < 1'500; ++i) {  // more than are started with the first commit
    commands.push_back(start_child("c" + std::to_string(i), enums::PARENT_CLOSE_POLICY_TERMINATE));
  }
  rig.storage->hold = true;  // the process dies right after that commit
  rig.complete(task->response.task_token(), commands);
  rig.storage->let_go();
  rig.crash_and_restart();
  rig.instance->step();
  int started = 0;
  const auto described = rig.describe("p");
  for (const auto& child : described->response.pending_children()) {
    started += child.run_id().empty() ? 0 : 1;
  }
  EXPECT_EQ(started, 1'500);
  EXPECT_TRUE(rig.describe("c1499")->ok());
}

TEST(OtherRuns, TheEndOfAParentEndsItsChildrenAndTheirsAtOnce) {
  Rig rig;
  rig.start("p");
  ASSERT_TRUE(rig.complete(rig.poll_workflow()->response.task_token(),
                           {start_child("c", enums::PARENT_CLOSE_POLICY_TERMINATE)})
                  ->ok());
  ASSERT_TRUE(rig.complete(rig.poll_workflow("parts")->response.task_token(),
                           {start_child("g", enums::PARENT_CLOSE_POLICY_REQUEST_CANCEL)})
                  ->ok());
  wire::TerminateWorkflowExecutionRequest request;
  request.set_namespace_("default");
  request.mutable_workflow_execution()->set_workflow_id("p");
  ASSERT_TRUE(
      rig.call<wire::TerminateWorkflowExecutionResponse>("TerminateWorkflowExecution", request)->ok());
  EXPECT_THAT(rig.event_types("c"), Contains(enums::EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED));
  EXPECT_THAT(rig.event_types("g"), Contains(enums::EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED));
  EXPECT_THAT(rig.event_types("g"), Not(Contains(enums::EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED)));
}

TEST(OtherRuns, ACommandForANamespaceThatDoesNotExistIsRefusedAndTheTaskGoesOn) {
  Rig rig;
  rig.start("p");
  const std::string token = rig.poll_workflow()->response.task_token();
  Command command = signal_external("x");
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"  // of a field that SDKs still fill in
  command.mutable_signal_external_workflow_execution_command_attributes()->set_namespace_("nowhere");
#pragma clang diagnostic pop
  auto refused = rig.complete(token, {command});
  ASSERT_TRUE(refused->answered());
  EXPECT_EQ(refused->status->message(), "Namespace nowhere is not found.");
  EXPECT_TRUE(rig.complete(token, {})->ok());
}

TEST(OtherRuns, AFullStoreKeepsTheOutboxForLater) {
  Rig rig;
  rig.start("a");
  rig.start("b", "others");
  const std::string token = rig.poll_workflow()->response.task_token();
  rig.storage->refuse = Status(Code::kResourceExhausted, "the disk is full");
  EXPECT_FALSE(rig.complete(token, {signal_external("b")})->ok());
  rig.storage->refuse = Status();
  rig.advance(seconds(60));
  auto task = rig.poll_workflow();
  ASSERT_TRUE(task->ok());
  EXPECT_TRUE(rig.complete(task->response.task_token(), {signal_external("b")})->ok());
  int signals = 0;
  for (const enums::EventType type : rig.event_types("b")) {
    signals += type == enums::EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED ? 1 : 0;
  }
  EXPECT_EQ(signals, 1);
}

TEST(OtherRuns, ASignalWithStartStartsOnceAndSignalsOnce) {
  Rig rig;
  auto first = call(rig, signal_with_start("w", "r1"));
  ASSERT_TRUE(first->ok());
  EXPECT_TRUE(first->response.started());
  EXPECT_EQ(first->response.first_execution_run_id(), first->response.run_id());
  EXPECT_EQ(first->response.signal_link().workflow_event().request_id_ref().request_id(), "r1");
  auto again = call(rig, signal_with_start("w", "r1"));
  EXPECT_FALSE(again->response.started());
  EXPECT_EQ(again->response.run_id(), first->response.run_id());
  auto second = call(rig, signal_with_start("w", "r2"));
  EXPECT_FALSE(second->response.started());
  EXPECT_THAT(rig.event_types("w"), ::testing::ElementsAre(enums::EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
                                                           enums::EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
                                                           enums::EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
                                                           enums::EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED));
}

TEST(OtherRuns, ASignalWithStartIsChecked) {
  Rig rig;
  const auto refusal = [&](auto change) {
    auto request = signal_with_start("w", "r");
    change(request);
    return call(rig, request)->status->message();
  };
  using Request = wire::SignalWithStartWorkflowExecutionRequest;
  EXPECT_EQ(refusal([](Request& r) { r.clear_workflow_id(); }), "WorkflowId is not set on request.");
  EXPECT_EQ(refusal([](Request& r) { r.clear_signal_name(); }), "signal not set");
  EXPECT_EQ(refusal([](Request& r) { r.clear_workflow_type(); }), "workflow type not set");
  EXPECT_EQ(refusal([](Request& r) { r.clear_task_queue(); }), "taskQueue is not set");
  EXPECT_EQ(refusal([](Request& r) { r.set_signal_name(std::string(1001, 's')); }),
            "signal name exceeds maximum allowed length (1001/1000)");
  EXPECT_EQ(refusal([](Request& r) { r.set_cron_schedule("often"); }), "invalid CronSchedule.");
  EXPECT_EQ(
      refusal([](Request& r) { r.set_workflow_id_conflict_policy(enums::WORKFLOW_ID_CONFLICT_POLICY_FAIL); }),
      "Invalid WorkflowIDConflictPolicy: WORKFLOW_ID_CONFLICT_POLICY_FAIL is not supported for this "
      "operation.");
  EXPECT_FALSE(rig.describe("w")->ok());
}

wire::ResetWorkflowExecutionRequest reset(const std::string& id, std::int64_t event_id) {
  wire::ResetWorkflowExecutionRequest request;
  request.set_namespace_("default");
  request.mutable_workflow_execution()->set_workflow_id(id);
  request.set_workflow_task_finish_event_id(event_id);
  request.set_reason("again");
  request.set_request_id("reset");
  return request;
}

TEST(OtherRuns, AResetGoesOnFromTheMiddleAndSurvivesACrash) {
  Rig rig;
  auto first = rig.start("w");
  ASSERT_TRUE(rig.complete(rig.poll_workflow()->response.task_token(), {start_timer("t", 60)})->ok());
  ASSERT_TRUE(rig.signal("w", "one")->ok());
  ASSERT_TRUE(rig.complete(rig.poll_workflow()->response.task_token(), {schedule_activity("a")})->ok());
  auto result = rig.wait_for_close("w");
  auto answer = rig.call<wire::ResetWorkflowExecutionResponse>("ResetWorkflowExecution", reset("w", 9));
  ASSERT_TRUE(answer->ok()) << answer->status->message();
  EXPECT_NE(answer->response.run_id(), first->response.run_id());
  ASSERT_TRUE(result->ok()) << "who waits for the old run hears of its end";
  rig.crash_and_restart();
  EXPECT_THAT(rig.event_types("w"),
              ::testing::ElementsAre(
                  enums::EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, enums::EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
                  enums::EVENT_TYPE_WORKFLOW_TASK_STARTED, enums::EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
                  enums::EVENT_TYPE_TIMER_STARTED, enums::EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
                  enums::EVENT_TYPE_WORKFLOW_TASK_SCHEDULED, enums::EVENT_TYPE_WORKFLOW_TASK_STARTED,
                  enums::EVENT_TYPE_WORKFLOW_TASK_FAILED, enums::EVENT_TYPE_WORKFLOW_TASK_SCHEDULED));
  auto task = rig.poll_workflow();
  ASSERT_TRUE(task->ok());
  EXPECT_EQ(task->response.history().events_size(), 11);
  ASSERT_TRUE(rig.complete(task->response.task_token(), {complete_workflow("1")})->ok());
  EXPECT_EQ(rig.describe("w")->response.workflow_execution_info().first_run_id(), first->response.run_id());
}

TEST(OtherRuns, AResetIsChecked) {
  Rig rig;
  rig.start("w");
  const auto refusal = [&](const wire::ResetWorkflowExecutionRequest& request) {
    return rig.call<wire::ResetWorkflowExecutionResponse>("ResetWorkflowExecution", request)
        ->status->message();
  };
  auto request = reset("w", 3);
  EXPECT_EQ(refusal(request), "Workflow task finish ID must be > 1 && <= workflow last event ID.");
  request.clear_request_id();
  EXPECT_EQ(refusal(request), "RequestId is not set on request.");
  EXPECT_EQ(refusal(reset("nobody", 3)), "workflow not found for ID: nobody");
  EXPECT_EQ(
      refusal(reset("w", 2)),
      "Can only reset workflow to event ID in range [WorkflowTaskScheduled +1, WorkflowTaskStarted + 1]: 2");
}

TEST(OtherRuns, ACronWorkflowWaitsForItsTimeAndComesAgain) {
  Rig rig;
  auto request = rig.start_request("w");
  request.set_cron_schedule("@every 30s");
  ASSERT_TRUE(rig.call<wire::StartWorkflowExecutionResponse>("StartWorkflowExecution", request)->ok());
  auto waiting = rig.poll_workflow();
  EXPECT_FALSE(waiting->answered());
  rig.advance(seconds(30));
  ASSERT_TRUE(waiting->ok());
  ASSERT_TRUE(rig.complete(waiting->response.task_token(), {complete_workflow("1")})->ok());
  const auto described = rig.describe("w");
  EXPECT_EQ(described->response.workflow_execution_info().status(), enums::WORKFLOW_EXECUTION_STATUS_RUNNING);
  waiting = rig.poll_workflow();
  rig.advance(seconds(30));
  ASSERT_TRUE(waiting->ok());
  const auto& started = waiting->response.history().events(0).workflow_execution_started_event_attributes();
  EXPECT_EQ(started.last_completion_result().payloads(0).data(), "1");
  EXPECT_EQ(started.initiator(), enums::CONTINUE_AS_NEW_INITIATOR_CRON_SCHEDULE);
}

}  // namespace
}  // namespace perdure::testing
