// Details of workflow tasks that the transcripts do not show.
#include <gtest/gtest.h>

#include "api/convert.h"
#include "base/limits.h"
#include "harness.h"

namespace perdure::engine::testing {
namespace {

PollerInfo poller(const std::string& request_id) { return {"worker", request_id, 0, "q", false}; }

TEST(WorkflowTask, AFirstAttemptStartsWithoutAWrite) {
  World world;
  ASSERT_TRUE(world.start(start_request("w")).ok());
  Outcome out;
  const auto task = start_workflow_task(out, world.execution("w"), poller("p"), world.context());
  ASSERT_TRUE(task.ok());
  EXPECT_TRUE(out.writes.empty());
  EXPECT_TRUE(out.ready.empty());
  EXPECT_EQ(task->ref.incarnation, 1);
  EXPECT_EQ(volatile_deadline(world.execution("w")), kStart + std::chrono::seconds(10));
  EXPECT_TRUE(waiting_tasks(world.execution("w")).empty());
}

TEST(WorkflowTask, ARepeatedPollGetsTheSameTaskAnotherOneNone) {
  World world;
  ASSERT_TRUE(world.start(start_request("w")).ok());
  Outcome out;
  const auto first = start_workflow_task(out, world.execution("w"), poller("p"), world.context());
  const auto again = start_workflow_task(out, world.execution("w"), poller("p"), world.context());
  const auto other = start_workflow_task(out, world.execution("w"), poller("o"), world.context());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(first->ref.started_event_id, again->ref.started_event_id);
  EXPECT_EQ(other.status().code(), Code::kNotFound);
}

TEST(WorkflowTask, AWorkerOfTheNormalQueueMayTakeAStickyTaskWithTheWholeHistory) {
  World world;
  ASSERT_TRUE(world.start(start_request("w")).ok());
  wire::RespondWorkflowTaskCompletedRequest request;
  request.mutable_sticky_attributes()->mutable_worker_task_queue()->set_name("cache");
  *request.mutable_sticky_attributes()->mutable_schedule_to_start_timeout() = seconds(5);
  const WorkflowTaskStart first = take_workflow_task(world);
  world.run([&](Outcome& out) {
    ASSERT_TRUE(
        complete_workflow_task(out, world.execution("w"), first.ref, request, {}, world.context()).ok());
  });
  ASSERT_TRUE(signal(world, "w", "").ok());
  std::optional<Result<WorkflowTaskStart>> task;
  world.run([&](Outcome& out) {
    task = start_workflow_task(out, world.execution("w"), poller("p"), world.context());
    EXPECT_TRUE(out.writes.empty());
  });
  ASSERT_TRUE(task->ok());
  EXPECT_EQ((*task)->first_event_id, 1);
  EXPECT_EQ(world.kept("w").items.at({ItemKind::kWorkflowTask, 0}).queue, "w/default/cache")
      << "on disk it still waits where it was";
  EXPECT_FALSE(world.execution("w").info().sticky_queue().empty());
  world.advance(
      std::chrono::seconds(10));  // not answered: an attempt that counts, since it was not sticky any more
  EXPECT_EQ(world.kept("w").items.at({ItemKind::kWorkflowTask, 0}).queue, "w/default/q");
  EXPECT_EQ(take_workflow_task(world).ref.attempt, 2);
}

TEST(WorkflowTask, ATokenIsGoodForOneAttemptOfOneTaskInOneIncarnation) {
  World world;
  ASSERT_TRUE(world.start(start_request("w")).ok());
  const WorkflowTaskRef right = take_workflow_task(world).ref;
  for (int i = 0; i < 4; ++i) {
    WorkflowTaskRef wrong = right;
    wrong.scheduled_event_id += i == 0 ? 1 : 0;
    wrong.started_event_id += i == 1 ? 1 : 0;
    wrong.attempt += i == 2 ? 1 : 0;
    wrong.incarnation += i == 3 ? 1 : 0;
    Outcome out;
    const auto reply = complete_workflow_task(out, world.execution("w"), wrong, {}, {}, world.context());
    EXPECT_EQ(reply.status().to_string(), "NOT_FOUND: Workflow task not found.");
    EXPECT_TRUE(out.writes.empty());
  }
  complete_task(world, "w", right, {complete_workflow()});
  EXPECT_TRUE(is_closed(world.execution("w")));
}

TEST(WorkflowTask, TheAnswerToTheWorkerIsWhatTheHistoryWillSay) {
  World world;
  ASSERT_TRUE(world.start(start_request("w")).ok());
  const WorkflowTaskStart task = take_workflow_task(world);
  world.advance(std::chrono::seconds(2));
  complete_task(world, "w", task.ref, {});
  ASSERT_EQ(task.unstored_events.size(), 1U);
  EXPECT_EQ(api::serialize(task.unstored_events[0]), api::serialize(world.kept("w").events[2]));
  EXPECT_GT(task.unstored_events[0].workflow_task_started_event_attributes().history_size_bytes(), 0);
}

TEST(WorkflowTask, ATransientAttemptIsShownAsItWillBeWritten) {
  World world;
  ASSERT_TRUE(world.start(start_request("w")).ok());
  take_workflow_task(world);
  world.advance(std::chrono::seconds(10));
  const WorkflowTaskStart task = take_workflow_task(world);
  ASSERT_EQ(task.unstored_events.size(), 2U);
  world.advance(std::chrono::seconds(3));
  complete_task(world, "w", task.ref, {});
  const KeptRun& run = world.kept("w");
  for (std::size_t i = 0; i < 2; ++i) {
    const auto id = static_cast<std::size_t>(task.unstored_events[i].event_id());
    EXPECT_EQ(api::serialize(task.unstored_events[i]), api::serialize(run.events[id - 1]));
  }
}

TEST(WorkflowTask, ARunAtTheSuggestedLimitIsToldToContinueAsNew) {
  World world;
  ASSERT_TRUE(world.start(start_request("w")).ok());
  for (int i = 0; i < limits::kHistoryEventsSuggest - 4; ++i) {
    ASSERT_TRUE(signal(world, "w", "").ok());
  }
  const WorkflowTaskStart early = take_workflow_task(world);
  EXPECT_FALSE(early.unstored_events[0].workflow_task_started_event_attributes().suggest_continue_as_new());
  complete_task(world, "w", early.ref, {});
  ASSERT_TRUE(signal(world, "w", "").ok());
  const WorkflowTaskStart late = take_workflow_task(world);
  const auto& attributes = late.unstored_events[0].workflow_task_started_event_attributes();
  EXPECT_TRUE(attributes.suggest_continue_as_new());
  ASSERT_EQ(attributes.suggest_continue_as_new_reasons_size(), 1);
  EXPECT_EQ(attributes.suggest_continue_as_new_reasons(0),
            enums::SUGGEST_CONTINUE_AS_NEW_REASON_TOO_MANY_HISTORY_EVENTS);
}

TEST(WorkflowTask, AttemptsThatKeepFailingAreAskedForLessAndLessOften) {
  World world;
  ASSERT_TRUE(world.start(start_request("w")).ok());
  std::int64_t timeout = 0;
  for (int attempt = 1; attempt <= 12; ++attempt) {
    const WorkflowTaskStart task = take_workflow_task(world);
    ASSERT_EQ(task.ref.attempt, attempt);
    timeout = world.execution("w").workflow_task()->start_to_close_timeout();
    if (attempt <= 3) {
      EXPECT_EQ(timeout, 10'000'000'000);
    } else {
      const std::int64_t backoff = std::min<std::int64_t>(600, 5LL << (attempt - 4)) * 1'000'000'000;
      EXPECT_GE(timeout, 10'000'000'000 + backoff * 8 / 10);
      EXPECT_LE(timeout, 10'000'000'000 + backoff);
    }
    world.advance(Duration(timeout));
  }
}

TEST(WorkflowTask, HeartbeatsForHalfAnHourEndInATimeOut) {
  World world;
  ASSERT_TRUE(world.start(start_request("w")).ok());
  WorkflowTaskRef task = take_workflow_task(world).ref;
  wire::RespondWorkflowTaskCompletedRequest heartbeat;
  heartbeat.set_force_create_new_workflow_task(true);
  heartbeat.set_return_new_workflow_task(true);
  for (int i = 0; i < 1000; ++i) {
    world.advance(std::chrono::seconds(9));
    std::optional<Result<WorkflowTaskCompletion>> reply;
    world.run([&](Outcome& out) {
      reply = complete_workflow_task(out, world.execution("w"), task, heartbeat, {}, world.context());
    });
    if (!reply->ok()) {
      EXPECT_EQ(reply->status().to_string(), "NOT_FOUND: workflow task heartbeat timeout");
      EXPECT_EQ(i, 200) << "1800 s are over with the 201st heartbeat";
      EXPECT_EQ(world.kept("w").events.back().event_type(), enums::EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT);
      return;
    }
    ASSERT_TRUE((*reply)->next.has_value());
    task = (*reply)->next->ref;
  }
  FAIL() << "it never ended";
}

TEST(WorkflowTask, ACompletionTellsWhichCodeItWas) {
  World world;
  ASSERT_TRUE(world.start(start_request("w")).ok());
  const WorkflowTaskStart task = take_workflow_task(world);
  wire::RespondWorkflowTaskCompletedRequest request;
  request.set_binary_checksum("build-7");
  request.mutable_worker_version_stamp()->set_build_id("build-7");
  request.mutable_sdk_metadata()->set_sdk_name("test");
  request.mutable_metering_metadata()->set_nonfirst_local_activity_execution_attempts(2);
  request.mutable_deployment_options()->set_deployment_name("shop");
  world.run([&](Outcome& out) {
    ASSERT_TRUE(
        complete_workflow_task(out, world.execution("w"), task.ref, request, {}, world.context()).ok());
  });
  const auto& attributes = last_event(world.kept("w"), enums::EVENT_TYPE_WORKFLOW_TASK_COMPLETED)
                               .workflow_task_completed_event_attributes();
  EXPECT_EQ(attributes.binary_checksum(), "build-7");
  EXPECT_EQ(attributes.worker_version().build_id(), "build-7");
  EXPECT_EQ(attributes.sdk_metadata().sdk_name(), "test");
  EXPECT_EQ(attributes.metering_metadata().nonfirst_local_activity_execution_attempts(), 2U);
  EXPECT_EQ(attributes.worker_deployment_name(), "shop");
  const auto described = describe_workflow(world.execution("w"), world.now());
  EXPECT_EQ(described.workflow_execution_info().auto_reset_points().points(0).build_id(), "build-7");
  EXPECT_EQ(described.workflow_execution_info().worker_deployment_name(), "shop");
}

TEST(WorkflowTask, AWorkerWhoseAnswerCannotBeSentEndsTheRun) {
  World world;
  ASSERT_TRUE(world.start(start_request("w")).ok());
  const WorkflowTaskStart task = take_workflow_task(world);
  wire::RespondWorkflowTaskFailedRequest request;
  request.set_cause(enums::WORKFLOW_TASK_FAILED_CAUSE_GRPC_MESSAGE_TOO_LARGE);
  world.run([&](Outcome& out) {
    ASSERT_TRUE(fail_workflow_task(out, world.execution("w"), task.ref, request, world.context()).ok());
  });
  EXPECT_EQ(last_event(world.kept("w"), enums::EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED)
                .workflow_execution_terminated_event_attributes()
                .reason(),
            "GrpcMessageTooLarge");
}

}  // namespace
}  // namespace perdure::engine::testing
