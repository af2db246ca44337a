// Details of activities that the transcripts do not show.
#include <gtest/gtest.h>

#include "engine/durations.h"
#include "harness.h"

namespace perdure::engine::testing {
namespace {

void start_with_activity(World& world, command::Command command = schedule_activity("a")) {
  ASSERT_TRUE(world.start(start_request("w")).ok());
  complete_task(world, "w", take_workflow_task(world).ref, {std::move(command)});
}

TEST(Activity, TheWorkerGetsEverythingThatItNeeds) {
  World world;
  command::Command command = schedule_activity("a");
  auto* attributes = command.mutable_schedule_activity_task_command_attributes();
  *attributes->mutable_input() = text("in");
  (*attributes->mutable_header()->mutable_fields())["k"].set_data("v");
  *attributes->mutable_schedule_to_close_timeout() = seconds(60);
  *attributes->mutable_heartbeat_timeout() = seconds(5);
  attributes->mutable_priority()->set_priority_key(2);
  start_with_activity(world, command);
  world.advance(std::chrono::seconds(1));
  const wire::PollActivityTaskQueueResponse response = take_activity(world).response;
  EXPECT_EQ(response.workflow_namespace(), "default");
  EXPECT_EQ(response.workflow_type().name(), "Flow");
  EXPECT_EQ(response.workflow_execution().workflow_id(), "w");
  EXPECT_EQ(response.activity_type().name(), "Work");
  EXPECT_EQ(response.activity_id(), "a");
  EXPECT_EQ(response.input().payloads(0).data(), "\"in\"");
  EXPECT_EQ(response.header().fields().at("k").data(), "v");
  EXPECT_EQ(nanos(response.schedule_to_close_timeout()), 60'000'000'000);
  EXPECT_EQ(nanos(response.start_to_close_timeout()), 10'000'000'000);
  EXPECT_EQ(nanos(response.heartbeat_timeout()), 5'000'000'000);
  EXPECT_EQ(api::from_proto(response.scheduled_time()), kStart);
  EXPECT_EQ(api::from_proto(response.started_time()), kStart + std::chrono::seconds(1));
  EXPECT_EQ(response.attempt(), 1);
  EXPECT_EQ(response.priority().priority_key(), 2);
  EXPECT_EQ(response.retry_policy().backoff_coefficient(), 2);
}

TEST(Activity, ARepeatedPollGetsTheSameAttemptAnotherOneNone) {
  World world;
  start_with_activity(world);
  const PollerInfo poller{"worker", "p", 0, "q", false};
  Outcome out;
  Execution& run = world.execution("w");
  const std::int64_t id = run.find_activity("a");
  const auto first = start_activity(out, run, id, poller, world.context());
  EXPECT_EQ(out.writes.size(), 1U) << "a start is durable before it is handed out";
  const auto again = start_activity(out, run, id, poller, world.context());
  EXPECT_EQ(out.writes.size(), 1U);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->ref.attempt, first->ref.attempt);
  EXPECT_EQ(start_activity(out, run, id, {"other", "o", 0, "q", false}, world.context()).status().code(),
            Code::kNotFound);
  EXPECT_EQ(start_activity(out, run, 77, poller, world.context()).status().code(), Code::kNotFound);
}

TEST(Activity, ALateAnswerOfAnEarlierAttemptChangesNothing) {
  World world;
  start_with_activity(world);
  const ActivityTaskRef late = take_activity(world).ref;
  world.advance(std::chrono::seconds(11));  // timed out, and its retry waits
  take_activity(world);
  const std::string before = world.kept("w").items.at({ItemKind::kActivity, late.scheduled_event_id}).state;
  Outcome out;
  Execution& run = world.execution("w");
  EXPECT_EQ(complete_activity(out, run, late, {}, world.context()).status().code(), Code::kNotFound);
  EXPECT_EQ(fail_activity(out, run, late, {}, world.context()).status().code(), Code::kNotFound);
  EXPECT_EQ(cancel_activity(out, run, late, {}, world.context()).status().code(), Code::kNotFound);
  EXPECT_EQ(heartbeat_activity(out, run, late, {}, world.context()).status().code(), Code::kNotFound);
  EXPECT_TRUE(out.writes.empty());
  EXPECT_EQ(before, store_execution(run).items.at(0).state);
}

TEST(Activity, AttemptNumbersHaveNoGapAndStampsNeverRepeat) {
  World world;
  start_with_activity(world);
  std::set<std::int64_t> stamps;
  for (int attempt = 1; attempt <= 5; ++attempt) {
    const ActivityTaskRef task = take_activity(world).ref;
    EXPECT_EQ(task.attempt, attempt);
    EXPECT_TRUE(stamps.insert(task.stamp).second);
    world.run([&](Outcome& out) {
      ASSERT_TRUE(fail_activity(out, world.execution("w"), task, {}, world.context()).ok());
    });
    world.advance(std::chrono::seconds(100));
  }
}

TEST(Activity, AResultThatIsTooLongFailsItForGood) {
  World world;
  start_with_activity(world);
  const ActivityTaskRef task = take_activity(world).ref;
  wire::RespondActivityTaskCompletedRequest request;
  *request.mutable_result() = text(std::string(3 * 1024 * 1024, 'x'));
  world.run([&](Outcome& out) {
    ASSERT_TRUE(complete_activity(out, world.execution("w"), task, request, world.context()).ok());
  });
  const auto& failed = last_event(world.kept("w"), enums::EVENT_TYPE_ACTIVITY_TASK_FAILED)
                           .activity_task_failed_event_attributes();
  EXPECT_EQ(failed.failure().message(), "Complete result exceeds size limit.");
  EXPECT_TRUE(failed.failure().server_failure_info().non_retryable());
  EXPECT_EQ(failed.retry_state(), enums::RETRY_STATE_NON_RETRYABLE_FAILURE);
}

TEST(Activity, AHeartbeatThatIsTooLongFailsItAndTellsTheWorkerToStop) {
  World world;
  start_with_activity(world);
  const ActivityTaskRef task = take_activity(world).ref;
  wire::RecordActivityTaskHeartbeatRequest request;
  *request.mutable_details() = text(std::string(3 * 1024 * 1024, 'x'));
  world.run([&](Outcome& out) {
    const auto reply = heartbeat_activity(out, world.execution("w"), task, request, world.context());
    ASSERT_TRUE(reply.ok());
    EXPECT_TRUE(reply->cancel_requested());
  });
  EXPECT_EQ(last_event(world.kept("w"), enums::EVENT_TYPE_ACTIVITY_TASK_FAILED)
                .activity_task_failed_event_attributes()
                .failure()
                .message(),
            "Heartbeat details exceed size limit.");
}

TEST(Activity, AFailureThatIsTooLongIsTruncatedInTheEventAndInTheState) {
  World world;
  start_with_activity(world);
  wire::RespondActivityTaskFailedRequest request;
  request.mutable_failure()->set_message(std::string(100'000, 'x'));
  ActivityTaskRef task = take_activity(world).ref;
  world.run([&](Outcome& out) {
    ASSERT_TRUE(fail_activity(out, world.execution("w"), task, request, world.context()).ok());
  });
  const state::ActivityState& activity = *world.execution("w").activity(task.scheduled_event_id);
  EXPECT_LE(activity.last_failure().ByteSizeLong(), 5000U);
  world.advance(std::chrono::seconds(1));
  task = take_activity(world).ref;
  request.mutable_failure()->set_message(std::string(3 * 1024 * 1024, 'x'));
  world.run([&](Outcome& out) {
    const auto reply = fail_activity(out, world.execution("w"), task, request, world.context());
    ASSERT_TRUE(reply.ok());
    ASSERT_EQ(reply->failures_size(), 1);
  });
  const auto& failure = last_event(world.kept("w"), enums::EVENT_TYPE_ACTIVITY_TASK_FAILED)
                            .activity_task_failed_event_attributes()
                            .failure();
  EXPECT_EQ(failure.message(), "Failure exceeds size limit.");
  EXPECT_LE(failure.ByteSizeLong(), 600U * 1024);
}

TEST(Activity, LastHeartbeatDetailsMayComeWithTheFailure) {
  World world;
  start_with_activity(world);
  wire::RespondActivityTaskFailedRequest request;
  *request.mutable_last_heartbeat_details() = text("far");
  const ActivityTaskRef task = take_activity(world).ref;
  world.run([&](Outcome& out) {
    ASSERT_TRUE(fail_activity(out, world.execution("w"), task, request, world.context()).ok());
  });
  world.advance(std::chrono::seconds(1));
  EXPECT_EQ(take_activity(world).response.heartbeat_details().payloads(0).data(), "\"far\"");
}

TEST(Activity, AHeartbeatTimeoutCountsFromTheLastAcceptedHeartbeatOfThisAttempt) {
  World world;
  command::Command command = schedule_activity("a");
  *command.mutable_schedule_activity_task_command_attributes()->mutable_heartbeat_timeout() = seconds(2);
  start_with_activity(world, command);
  ActivityTaskRef task = take_activity(world).ref;
  for (int i = 0; i < 4; ++i) {
    world.advance(std::chrono::milliseconds(1999));
    world.run([&](Outcome& out) {
      ASSERT_TRUE(heartbeat_activity(out, world.execution("w"), task, {}, world.context()).ok());
    });
  }
  world.advance(std::chrono::seconds(2));
  world.advance(std::chrono::seconds(1));
  task = take_activity(world).ref;
  EXPECT_EQ(task.attempt, 2);
  const ItemKey key{ItemKind::kActivity, task.scheduled_event_id};
  EXPECT_EQ(world.kept("w").items.at(key).due_at, world.now() + std::chrono::seconds(2));
}

TEST(Activity, NothingOfItIsDueBeforeItsTime) {
  World world;
  start_with_activity(world);
  take_activity(world);
  Outcome out;
  Execution& run = world.execution("w");
  item_due(out, run, {ItemKind::kActivity, run.find_activity("a")}, world.context());
  item_due(out, run, {ItemKind::kActivity, 99}, world.context());
  item_due(out, run, {ItemKind::kTimer, 99}, world.context());
  EXPECT_TRUE(out.writes.empty());
}

TEST(Activity, TimeoutsAreDeducedFromTheOthersAndTheRun) {
  struct Case {
    double schedule_to_close, schedule_to_start, start_to_close, heartbeat, run;
    double expect_close, expect_start, expect_start_close, expect_heartbeat;
  };
  const std::vector<Case> cases{
      {0, 0, 10, 0, 0, 0, 0, 10, 0},        {30, 0, 0, 0, 0, 30, 30, 30, 0},
      {30, 5, 10, 0, 0, 30, 5, 10, 0},      {30, 50, 60, 0, 0, 30, 30, 30, 0},
      {0, 0, 10, 20, 0, 0, 0, 10, 10},      {0, 0, 100, 0, 60, 60, 60, 60, 0},
      {90, 80, 70, 65, 60, 60, 60, 60, 60}, {0, 5, 10, 3, 60, 60, 5, 10, 3},
  };
  for (const Case& c : cases) {
    World world;
    auto request = start_request("w");
    *request.mutable_workflow_run_timeout() = seconds(c.run);
    ASSERT_TRUE(world.start(request).ok());
    command::Command command = schedule_activity("a");
    auto* asked = command.mutable_schedule_activity_task_command_attributes();
    *asked->mutable_schedule_to_close_timeout() = seconds(c.schedule_to_close);
    *asked->mutable_schedule_to_start_timeout() = seconds(c.schedule_to_start);
    *asked->mutable_start_to_close_timeout() = seconds(c.start_to_close);
    *asked->mutable_heartbeat_timeout() = seconds(c.heartbeat);
    complete_task(world, "w", take_workflow_task(world).ref, {command});
    const auto& event = last_event(world.kept("w"), enums::EVENT_TYPE_ACTIVITY_TASK_SCHEDULED)
                            .activity_task_scheduled_event_attributes();
    EXPECT_EQ(nanos(event.schedule_to_close_timeout()), nanos(seconds(c.expect_close)));
    EXPECT_EQ(nanos(event.schedule_to_start_timeout()), nanos(seconds(c.expect_start)));
    EXPECT_EQ(nanos(event.start_to_close_timeout()), nanos(seconds(c.expect_start_close)));
    EXPECT_EQ(nanos(event.heartbeat_timeout()), nanos(seconds(c.expect_heartbeat)));
  }
}

}  // namespace
}  // namespace perdure::engine::testing
