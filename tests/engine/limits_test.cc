// What happens at the limits of base/limits.h.
#include "base/limits.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "harness.h"

namespace perdure::engine::testing {
namespace {

TEST(Limits, TheSignalAfterTheLastIsRefused) {
  World world;
  ASSERT_TRUE(world.start(start_request("w")).ok());
  world.execution("w").info().set_signal_count(limits::kSignals - 1);
  EXPECT_TRUE(signal(world, "w", "last").ok());
  EXPECT_EQ(signal(world, "w", "more").to_string(),
            "INVALID_ARGUMENT: exceeded workflow execution limit for signal events");
  EXPECT_TRUE(signal(world, "w", "last").ok()) << "a retry of the last one is still known";
}

TEST(Limits, ASignalThatIsTooLongIsRefused) {
  World world;
  ASSERT_TRUE(world.start(start_request("w")).ok());
  wire::SignalWorkflowExecutionRequest request;
  *request.mutable_input() = text(std::string(limits::kBlobError, 'x'));
  Outcome out;
  EXPECT_EQ(signal_workflow(out, world.execution("w"), request, world.context()).status().to_string(),
            "INVALID_ARGUMENT: Blob data size exceeds limit.");
}

TEST(Limits, MorePendingActivitiesThanAllowedFailTheTask) {
  World world;
  ASSERT_TRUE(world.start(start_request("w")).ok());
  wire::RespondWorkflowTaskCompletedRequest request;
  for (std::size_t i = 0; i < limits::kPendingActivities; ++i) {
    *request.add_commands() = schedule_activity(fmt::format("a{}", i));
  }
  const WorkflowTaskStart full = take_workflow_task(world);
  world.run([&](Outcome& out) {
    ASSERT_TRUE(
        complete_workflow_task(out, world.execution("w"), full.ref, request, {}, world.context()).ok());
  });
  ASSERT_TRUE(signal(world, "w", "").ok());
  request.clear_commands();
  *request.add_commands() = schedule_activity("one more");
  const WorkflowTaskStart over = take_workflow_task(world);
  world.run([&](Outcome& out) {
    EXPECT_EQ(complete_workflow_task(out, world.execution("w"), over.ref, request, {}, world.context())
                  .status()
                  .message(),
              "PendingActivitiesLimitExceeded: the number of pending activities, 2000, has reached the "
              "per-workflow "
              "limit of 2000");
  });
}

command::Command child(std::size_t number) {
  command::Command command;
  command.set_command_type(enums::COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION);
  auto* attributes = command.mutable_start_child_workflow_execution_command_attributes();
  attributes->set_workflow_id(fmt::format("c{}", number));
  attributes->mutable_workflow_type()->set_name("Child");
  return command;
}

command::Command external_signal(std::size_t) {
  command::Command command;
  command.set_command_type(enums::COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION);
  auto* attributes = command.mutable_signal_external_workflow_execution_command_attributes();
  attributes->mutable_execution()->set_workflow_id("other");
  attributes->set_signal_name("s");
  return command;
}

command::Command external_cancel(std::size_t) {
  command::Command command;
  command.set_command_type(enums::COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION);
  command.mutable_request_cancel_external_workflow_execution_command_attributes()->set_workflow_id("other");
  return command;
}

TEST(Limits, MoreOfWhatReachesOtherRunsThanAllowedFailsTheTask) {
  struct Case {
    command::Command (*command)(std::size_t);
    const char* message;
  };
  for (const auto& [command, message] :
       {Case{&child,
             "PendingChildWorkflowsLimitExceeded: the number of pending child workflow executions, 2000, has "
             "reached the per-workflow limit of 2000"},
        Case{&external_signal,
             "PendingSignalsLimitExceeded: the number of pending signals to external workflows, "
             "2000, has reached the per-workflow limit of 2000"},
        Case{&external_cancel,
             "PendingRequestCancelLimitExceeded: the number of pending requests to cancel external "
             "workflows, 2000, has reached the per-workflow limit of 2000"}}) {
    World world;
    ASSERT_TRUE(world.start(start_request("w")).ok());
    wire::RespondWorkflowTaskCompletedRequest request;
    for (std::size_t i = 0; i <= limits::kPendingChildren; ++i) {
      *request.add_commands() = command(i);
    }
    const WorkflowTaskStart over = take_workflow_task(world);
    world.run([&](Outcome& out) {
      EXPECT_EQ(complete_workflow_task(out, world.execution("w"), over.ref, request, {}, world.context())
                    .status()
                    .message(),
                message);
    });
    EXPECT_EQ(world.runs().size(), 1U) << "nothing is started of a task that failed";
  }
}

TEST(Limits, TooManyBufferedEventsFailTheTaskThatTheyWaitFor) {
  World world;
  ASSERT_TRUE(world.start(start_request("w")).ok());
  take_workflow_task(world);
  for (std::size_t i = 0; i < limits::kBufferedEvents; ++i) {
    ASSERT_TRUE(signal(world, "w", fmt::format("r{}", i)).ok());
  }
  EXPECT_EQ(world.kept("w").events.size(), 2U) << "all are buffered";
  ASSERT_TRUE(signal(world, "w", "one more").ok());
  const KeptRun& run = world.kept("w");
  EXPECT_EQ(
      last_event(run, enums::EVENT_TYPE_WORKFLOW_TASK_FAILED).workflow_task_failed_event_attributes().cause(),
      enums::WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND);
  EXPECT_EQ(run.events.size(), 4U + limits::kBufferedEvents + 1 + 1);
  EXPECT_EQ(run.events.back().event_type(), enums::EVENT_TYPE_WORKFLOW_TASK_SCHEDULED);
}

TEST(Limits, AHistoryThatIsTooLongIsTerminated) {
  World world;
  ASSERT_TRUE(world.start(start_request("w")).ok());
  // The engine looks at the number, not at the events: skip most of them.
  world.execution("w").info().set_next_event_id(limits::kHistoryEvents);
  Outcome out;
  wire::SignalWorkflowExecutionRequest request;
  ASSERT_TRUE(signal_workflow(out, world.execution("w"), request, world.context()).ok());
  EXPECT_FALSE(is_closed(world.execution("w")));
  ASSERT_TRUE(signal_workflow(out, world.execution("w"), request, world.context()).ok());
  EXPECT_TRUE(is_closed(world.execution("w")));
  history::History last;
  ASSERT_TRUE(last.ParseFromString(out.writes.back().append.at(0).events));
  EXPECT_EQ(last.events(1).workflow_execution_terminated_event_attributes().reason(),
            "Workflow history count exceeds limit.");
}

TEST(Limits, AHistoryWithTooManyBytesIsTerminated) {
  World world;
  ASSERT_TRUE(world.start(start_request("w")).ok());
  world.execution("w").info().set_history_bytes(limits::kHistoryBytes + 1);
  Outcome out;
  ASSERT_TRUE(signal_workflow(out, world.execution("w"), {}, world.context()).ok());
  EXPECT_EQ(execution_status(world.execution("w")), enums::WORKFLOW_EXECUTION_STATUS_TERMINATED);
}

TEST(Limits, ACompletionThatIsTooLargeForOneTransitionTerminatesTheRun) {
  World world;
  ASSERT_TRUE(world.start(start_request("w")).ok());
  const WorkflowTaskStart task = take_workflow_task(world);
  wire::RespondWorkflowTaskCompletedRequest request;
  for (int i = 0; i < 3; ++i) {
    command::Command command = schedule_activity(fmt::format("a{}", i));
    *command.mutable_schedule_activity_task_command_attributes()->mutable_input() =
        text(std::string(limits::kBlobError - 100, 'x'));
    *request.add_commands() = command;
  }
  world.run([&](Outcome& out) {
    const Status status =
        complete_workflow_task(out, world.execution("w"), task.ref, request, {}, world.context()).status();
    EXPECT_EQ(status.code(), Code::kInvalidArgument);
    EXPECT_NE(status.message().find("exceeds limit of 4194304 bytes"), std::string::npos) << status.message();
  });
  EXPECT_EQ(event_types(world.kept("w")),
            "WorkflowExecutionStarted WorkflowTaskScheduled WorkflowTaskStarted WorkflowTaskFailed "
            "WorkflowExecutionTerminated");
  EXPECT_EQ(last_event(world.kept("w"), enums::EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED)
                .workflow_execution_terminated_event_attributes()
                .reason(),
            "Transaction size exceeds limit.");
}

}  // namespace
}  // namespace perdure::engine::testing
