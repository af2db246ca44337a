// Commands that are refused, with the causes and texts of Temporal, and the smaller commands.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/limits.h"
#include "harness.h"

namespace perdure::engine::testing {
namespace {

command::Command of_type(enums::CommandType type) {
  command::Command command;
  command.set_command_type(type);
  return command;
}

command::Command changed_activity(
    const std::function<void(command::ScheduleActivityTaskCommandAttributes*)>& change) {
  command::Command command = schedule_activity("a");
  change(command.mutable_schedule_activity_task_command_attributes());
  return command;
}

// The error that a completion with these commands gets; the run's task has failed with it.
std::string refusal(World& world, const std::vector<command::Command>& commands) {
  EXPECT_TRUE(world.start(start_request("w")).ok());
  const WorkflowTaskStart task = take_workflow_task(world);
  wire::RespondWorkflowTaskCompletedRequest request;
  for (const command::Command& command : commands) {
    *request.add_commands() = command;
  }
  Status status;
  world.run([&](Outcome& out) {
    status =
        complete_workflow_task(out, world.execution("w"), task.ref, request, {}, world.context()).status();
  });
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  return status.message();
}

std::string refusal(const std::vector<command::Command>& commands) {
  World world;
  return refusal(world, commands);
}

TEST(Commands, ActivityAttributesAreChecked) {
  using Attributes = command::ScheduleActivityTaskCommandAttributes;
  const auto text = [](const std::function<void(Attributes*)>& change) {
    return refusal({changed_activity(change)});
  };
  EXPECT_EQ(refusal({of_type(enums::COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK)}),
            "BadScheduleActivityAttributes: ScheduleActivityTaskCommandAttributes is not set on "
            "ScheduleActivityTaskCommand.");
  EXPECT_EQ(text([](Attributes* a) { a->clear_task_queue(); }),
            "BadScheduleActivityAttributes: taskQueue is not set");
  EXPECT_EQ(text([](Attributes* a) { a->mutable_task_queue()->clear_name(); }),
            "BadScheduleActivityAttributes: missing task queue name");
  EXPECT_EQ(text([](Attributes* a) { a->mutable_task_queue()->set_name("/_sys/q"); }),
            "BadScheduleActivityAttributes: task queue name cannot start with reserved prefix /_sys/");
  EXPECT_EQ(text([](Attributes* a) { a->clear_activity_id(); }),
            "BadScheduleActivityAttributes: activityId is not set");
  EXPECT_EQ(text([](Attributes* a) { a->clear_activity_type(); }),
            "BadScheduleActivityAttributes: activityType is not set");
  EXPECT_EQ(text([](Attributes* a) { a->set_activity_id(std::string(1001, 'x')); }),
            "BadScheduleActivityAttributes: activityId exceeds length limit. Length=1001 Limit=1000");
  EXPECT_EQ(text([](Attributes* a) { *a->mutable_heartbeat_timeout() = seconds(-1); }),
            "BadScheduleActivityAttributes: invalid HeartbeatTimeout: negative duration");
  EXPECT_EQ(text([](Attributes* a) { a->mutable_retry_policy()->set_backoff_coefficient(0.1); }),
            "BadScheduleActivityAttributes: BackoffCoefficient cannot be less than 1 on retry policy.");
  EXPECT_EQ(text([](Attributes* a) { a->mutable_priority()->set_priority_key(-1); }),
            "BadScheduleActivityAttributes: invalid priorities: priority key can't be negative");
}

TEST(Commands, TimerAttributesAreChecked) {
  EXPECT_EQ(refusal({start_timer("", 1)}),
            "BadStartTimerAttributes: TimerId is not set on StartTimerCommand.");
  EXPECT_EQ(refusal({start_timer("t", -1)}),
            "BadStartTimerAttributes: An invalid StartToFireTimeout is set on StartTimerCommand: negative "
            "duration. "
            "TimerId=t");
  EXPECT_EQ(refusal({of_type(enums::COMMAND_TYPE_CANCEL_TIMER)}),
            "BadCancelTimerAttributes: CancelTimerCommandAttributes is not set on CancelTimerCommand.");
}

TEST(Commands, ClosingCommandsAreChecked) {
  EXPECT_EQ(
      refusal({of_type(enums::COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION)}),
      "BadCompleteWorkflowExecutionAttributes: CompleteWorkflowExecutionCommandAttributes is not set on "
      "CompleteWorkflowExecutionCommand.");
  command::Command fail = of_type(enums::COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION);
  fail.mutable_fail_workflow_execution_command_attributes();
  EXPECT_EQ(refusal({fail}),
            "BadFailWorkflowExecutionAttributes: Failure is not set on FailWorkflowExecutionCommand.");
  EXPECT_EQ(refusal({of_type(enums::COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION)}),
            "BadCancelWorkflowExecutionAttributes: CancelWorkflowExecutionCommandAttributes is not set on "
            "CancelWorkflowExecutionCommand.");
  command::Command next = of_type(enums::COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION);
  *next.mutable_continue_as_new_workflow_execution_command_attributes()->mutable_workflow_run_timeout() =
      seconds(-1);
  EXPECT_EQ(refusal({next}),
            "BadContinueAsNewAttributes: Invalid WorkflowRunTimeout on "
            "ContinueAsNewWorkflowExecutionCommand: negative "
            "duration. WorkflowType=Flow TaskQueue=q");
}

TEST(Commands, APayloadThatIsTooLongTerminatesTheRun) {
  command::Command activity = changed_activity(
      [](auto* attributes) { *attributes->mutable_input() = text(std::string(limits::kBlobError, 'x')); });
  command::Command marker = of_type(enums::COMMAND_TYPE_RECORD_MARKER);
  marker.mutable_record_marker_command_attributes()->set_marker_name("m");
  (*marker.mutable_record_marker_command_attributes()->mutable_details())["d"] =
      text(std::string(limits::kBlobError, 'x'));
  for (const auto& [command, reason] : std::vector<std::pair<command::Command, std::string>>{
           {activity,
            "BadScheduleActivityAttributes: ScheduleActivityTaskCommandAttributes.Input exceeds size limit."},
           {complete_workflow(std::string(limits::kBlobError, 'x')),
            "BadScheduleActivityAttributes: CompleteWorkflowExecutionCommandAttributes.Result exceeds size "
            "limit."},
           {marker,
            "BadRecordMarkerAttributes: RecordMarkerCommandAttributes.Details exceeds size limit."}}) {
    World world;
    EXPECT_EQ(refusal(world, {command}), reason);
    EXPECT_EQ(event_types(world.kept("w")),
              "WorkflowExecutionStarted WorkflowTaskScheduled WorkflowTaskStarted WorkflowTaskFailed "
              "WorkflowExecutionTerminated");
    EXPECT_EQ(last_event(world.kept("w"), enums::EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED)
                  .workflow_execution_terminated_event_attributes()
                  .reason(),
              reason);
  }
}

TEST(Commands, WhatIsNotThereYetFailsTheTaskByName) {
  EXPECT_EQ(
      refusal({of_type(enums::COMMAND_TYPE_SCHEDULE_NEXUS_OPERATION)}),
      "BadScheduleNexusOperationAttributes: the command ScheduleNexusOperation is not supported by this "
      "version of Perdure");
}

TEST(Commands, AnUnknownTypeChangesNothing) {
  World world;
  EXPECT_EQ(refusal(world, {of_type(enums::COMMAND_TYPE_UNSPECIFIED)}), "unknown command type: Unspecified");
  EXPECT_EQ(world.kept("w").events.size(), 2U);
  EXPECT_NE(world.execution("w").volatile_start(), nullptr) << "the worker may still answer";
}

TEST(Commands, NoCommandOfABatchTakesEffectWhenOneIsRefused) {
  World world;
  refusal(world, {schedule_activity("a"), start_timer("t", 1), schedule_activity("a")});
  EXPECT_EQ(event_types(world.kept("w")),
            "WorkflowExecutionStarted WorkflowTaskScheduled WorkflowTaskStarted WorkflowTaskFailed");
  EXPECT_EQ(world.kept("w").items.size(), 1U);
  EXPECT_EQ(world.execution("w").find_timer("t"), 0);
}

TEST(Commands, MarkersMemoAndSearchAttributesAreRecorded) {
  World world;
  auto start = start_request("w");
  (*start.mutable_memo()->mutable_fields())["gone"] = text("x").payloads(0);
  ASSERT_TRUE(world.start(start).ok());
  command::Command marker = of_type(enums::COMMAND_TYPE_RECORD_MARKER);
  marker.mutable_record_marker_command_attributes()->set_marker_name("m");
  marker.mutable_user_metadata()->mutable_summary()->set_data("why");
  command::Command memo = of_type(enums::COMMAND_TYPE_MODIFY_WORKFLOW_PROPERTIES);
  auto& fields = *memo.mutable_modify_workflow_properties_command_attributes()
                      ->mutable_upserted_memo()
                      ->mutable_fields();
  fields["new"] = text("y").payloads(0);
  (*fields["gone"].mutable_metadata())["encoding"] = "binary/null";
  command::Command search = of_type(enums::COMMAND_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES);
  (*search.mutable_upsert_workflow_search_attributes_command_attributes()
        ->mutable_search_attributes()
        ->mutable_indexed_fields())["CustomKey"] = text("z").payloads(0);
  complete_task(world, "w", take_workflow_task(world).ref, {marker, memo, search});
  EXPECT_EQ(event_types(world.kept("w")),
            "WorkflowExecutionStarted WorkflowTaskScheduled WorkflowTaskStarted WorkflowTaskCompleted "
            "MarkerRecorded "
            "WorkflowPropertiesModified UpsertWorkflowSearchAttributes");
  EXPECT_EQ(last_event(world.kept("w"), enums::EVENT_TYPE_MARKER_RECORDED).user_metadata().summary().data(),
            "why");
  const auto info = describe_workflow(world.execution("w"), world.now()).workflow_execution_info();
  EXPECT_EQ(info.memo().fields_size(), 1);
  EXPECT_TRUE(info.memo().fields().contains("new"));
  EXPECT_EQ(info.search_attributes().indexed_fields().at("CustomKey").data(), "\"z\"");
}

}  // namespace
}  // namespace perdure::engine::testing
