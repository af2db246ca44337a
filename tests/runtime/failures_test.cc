// Stores that refuse, stores that fail, commands that throw, and processes that end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "temporal/api/errordetails/v1/message.pb.h"
#include "tests/runtime/harness.h"

namespace perdure::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Status kDiskFull(Code::kResourceExhausted, "the disk that holds the state directory is full");

// Runs a command that throws on the current run of `id`; the status of its reply.
Status run_throwing(Rig& rig, const std::string& id) {
  std::optional<Status> status;
  rig.instance->post([&](runtime::Service& service) {
    service.on_run<int>(
        {{}, {NamespaceName("default"), WorkflowId(id)}, {}},
        [](engine::Outcome&, engine::Execution&, const engine::Context&) -> Result<int> {
          throw CheckFailure("thrown by the test");
        },
        [&](Result<int> result) { status = result.status(); });
  });
  rig.instance->step();
  return status.value();
}

TEST(Failures, AFullDiskRefusesWithTemporalsCauseAndNothingOfTheRoundHappened) {
  Rig rig;
  rig.start("before");
  rig.storage->refuse = kDiskFull;
  auto refused = rig.start("w");
  ASSERT_TRUE(refused->answered());
  EXPECT_EQ(refused->status->code(), Code::kResourceExhausted);
  temporal::api::errordetails::v1::ResourceExhaustedFailure detail;
  EXPECT_EQ(refused->status->detail_type(), "temporal.api.errordetails.v1.ResourceExhaustedFailure");
  ASSERT_TRUE(detail.ParseFromString(refused->status->detail()));
  EXPECT_EQ(detail.cause(), enums::RESOURCE_EXHAUSTED_CAUSE_PERSISTENCE_STORAGE_LIMIT);
  EXPECT_EQ(rig.describe("w")->status->code(), Code::kNotFound);
}

TEST(Failures, WhileTheDiskIsFullReadsAndHealthStayUp) {
  Rig rig;
  rig.start("w");
  rig.storage->refuse = kDiskFull;
  EXPECT_FALSE(rig.signal("w", "s")->ok());
  EXPECT_TRUE(rig.describe("w")->ok());
  EXPECT_TRUE(rig.history(Rig::history_request("w"))->ok());
  EXPECT_TRUE(rig.instance->health().ok());
  EXPECT_FALSE(rig.fatal.has_value());
}

TEST(Failures, WhenTheDiskHasRoomAgainEverythingGoesOn) {
  Rig rig;
  rig.start("w");
  rig.storage->refuse = kDiskFull;
  EXPECT_FALSE(rig.signal("w", "lost")->ok());
  rig.storage->refuse = Status();
  EXPECT_TRUE(rig.signal("w", "kept")->ok());
  EXPECT_THAT(rig.event_types("w"), ElementsAre(enums::EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
                                                enums::EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
                                                enums::EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED));
  EXPECT_TRUE(rig.start("w2")->ok());
}

TEST(Failures, ATimerThatIsDueWhileTheDiskIsFullFiresLater) {
  Rig rig;
  rig.start("w");
  auto task = rig.poll_workflow();
  rig.complete(task->response.task_token(), {start_timer("t", 10)});
  rig.storage->refuse = kDiskFull;
  const int commits = rig.storage->commits;
  rig.advance(seconds(10));
  rig.advance(milliseconds(10));
  EXPECT_EQ(rig.storage->commits, commits + 1) << "it is not tried all the time";
  ASSERT_TRUE(rig.instance->wake_at().has_value());
  rig.storage->refuse = Status();
  rig.advance(seconds(60));
  EXPECT_THAT(rig.event_types("w"), ::testing::Contains(enums::EVENT_TYPE_TIMER_FIRED));
}

TEST(Failures, ATimerThatIsDueFiresAtOnceWhenTheDiskHasRoomAgain) {
  Rig rig;
  rig.start("w");
  auto task = rig.poll_workflow();
  rig.complete(task->response.task_token(), {start_timer("t", 10)});
  rig.storage->refuse = kDiskFull;
  rig.advance(seconds(10));
  for (int i = 0; i < 6; ++i) {
    EXPECT_FALSE(rig.start("refused")->ok());  // each makes the pause of the loop's own work longer
  }
  ASSERT_EQ(rig.instance->wake_at(), rig.clock.time + seconds(30));
  rig.storage->refuse = Status();
  EXPECT_TRUE(rig.start("accepted")->ok());
  EXPECT_THAT(rig.event_types("w"), ::testing::Contains(enums::EVENT_TYPE_TIMER_FIRED));
}

TEST(Failures, AWorkflowTaskThatARefusedCommitTookBackCannotBeAnswered) {
  Rig rig;
  rig.start("w");
  auto taken_back = rig.poll_workflow();
  ASSERT_TRUE(taken_back->ok());
  rig.storage->refuse = kDiskFull;
  EXPECT_FALSE(rig.signal("w", "refused")->ok());
  rig.storage->refuse = Status();
  rig.advance(milliseconds(10));
  auto again = rig.poll_workflow();
  ASSERT_TRUE(again->ok());
  EXPECT_EQ(again->response.started_event_id(), taken_back->response.started_event_id());
  // Its worker was shown the time of a start that no history holds.
  auto late = rig.complete(taken_back->response.task_token(), {complete_workflow("1")});
  EXPECT_EQ(late->status->code(), Code::kNotFound);
  EXPECT_TRUE(rig.complete(again->response.task_token(), {complete_workflow("1")})->ok());
}

TEST(Failures, AnActivityWhoseStartWasRefusedIsHandedOutLater) {
  Rig rig;
  rig.start("w");
  auto task = rig.poll_workflow();
  rig.complete(task->response.task_token(), {schedule_activity("a")});
  rig.storage->refuse = kDiskFull;
  auto refused = rig.poll_activity();
  ASSERT_TRUE(refused->answered());
  EXPECT_EQ(refused->status->code(), Code::kResourceExhausted);
  rig.storage->refuse = Status();
  auto served = rig.poll_activity();
  ASSERT_TRUE(served->ok());
  EXPECT_EQ(served->response.activity_id(), "a");
  EXPECT_EQ(served->response.attempt(), 1);
}

TEST(Failures, AFailedWriteEndsTheServiceAndNothingIsAcknowledgedAfterIt) {
  Rig rig;
  rig.start("w");
  auto poll = rig.poll_workflow("elsewhere");
  auto waiting = rig.wait_for_close("w");
  rig.storage->refuse = unavailable("fdatasync: input/output error");
  auto lost = rig.signal("w", "s");
  ASSERT_TRUE(rig.fatal.has_value());
  for (const auto& status : {lost->status, poll->status, waiting->status}) {
    ASSERT_TRUE(status.has_value());
    EXPECT_EQ(status->code(), Code::kUnavailable);
    EXPECT_THAT(status->message(), HasSubstr("input/output error"));
  }
  rig.storage->refuse = Status();
  auto after = rig.start("w2");
  ASSERT_TRUE(after->answered());
  EXPECT_EQ(after->status->code(), Code::kUnavailable);
  EXPECT_EQ(rig.instance->health().code(), Code::kUnavailable);
  EXPECT_FALSE(rig.instance->wake_at().has_value());
}

TEST(Failures, WhatWasPostedButNotRunBeforeTheEndIsAnsweredToo) {
  Rig rig;
  rig.storage->hold = true;
  auto first = rig.start("w1");
  auto second =
      rig.post<wire::StartWorkflowExecutionResponse>("StartWorkflowExecution", Rig::start_request("w2"));
  rig.storage->hold = false;
  rig.storage->refuse = unavailable("gone");
  rig.storage->let_go();
  rig.instance->step();
  EXPECT_TRUE(first->ok());
  ASSERT_TRUE(second->answered());
  EXPECT_EQ(second->status->code(), Code::kUnavailable);
}

TEST(Failures, AnExceptionFailsItsRequestAndNothingElse) {
  Rig rig;
  rig.start("bad");
  rig.start("good");
  const Status status = run_throwing(rig, "bad");
  EXPECT_EQ(status.code(), Code::kInternal);
  EXPECT_THAT(status.message(), HasSubstr("thrown by the test"));
  EXPECT_TRUE(rig.signal("good", "s")->ok());
  EXPECT_TRUE(rig.signal("bad", "s")->ok());
}

TEST(Failures, ARunWhoseCommandThrewIsLoadedAgain) {
  Rig rig;
  rig.start("w");
  const int loads = rig.storage->loads;
  (void)run_throwing(rig, "w");
  EXPECT_GT(rig.storage->loads, loads);
  auto task = rig.poll_workflow();
  ASSERT_TRUE(task->ok());
  EXPECT_EQ(task->response.workflow_execution().workflow_id(), "w");
}

TEST(Failures, ATaskThatWasStartedInMemoryWhenACommandThrewIsHandedOutAgain) {
  Rig rig;
  rig.start("w");
  auto lost = rig.poll_workflow();
  ASSERT_TRUE(lost->ok());
  auto waiting = rig.poll_workflow();
  (void)run_throwing(rig, "w");
  ASSERT_TRUE(waiting->ok());
  EXPECT_EQ(waiting->response.workflow_execution().workflow_id(), "w");
}

TEST(Failures, ACommandThatFollowsInTheSameRoundSeesTheRunAsItWasStored) {
  Rig rig;
  rig.start("w");
  std::optional<Status> thrown;
  rig.instance->post([&](runtime::Service& service) {
    service.on_run<int>(
        {{}, {NamespaceName("default"), WorkflowId("w")}, {}},
        [](engine::Outcome&, engine::Execution&, const engine::Context&) -> Result<int> {
          throw CheckFailure("thrown by the test");
        },
        [&](Result<int> result) { thrown = result.status(); });
  });
  auto signalled = rig.signal("w", "s");
  EXPECT_TRUE(signalled->ok());
  EXPECT_TRUE(thrown.has_value());
  EXPECT_THAT(rig.event_types("w"), ::testing::Contains(enums::EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED));
}

TEST(Failures, ThreeExceptionsInARowQuarantineTheRun) {
  Rig rig;
  rig.start("bad");
  rig.start("good");
  (void)run_throwing(rig, "bad");
  (void)run_throwing(rig, "bad");
  EXPECT_TRUE(rig.signal("bad", "s")->ok()) << "a success in between begins the count anew";
  for (int i = 0; i < 3; ++i) {
    (void)run_throwing(rig, "bad");
  }
  auto refused = rig.signal("bad", "s");
  ASSERT_TRUE(refused->answered());
  EXPECT_EQ(refused->status->code(), Code::kInternal);
  EXPECT_THAT(refused->status->message(), HasSubstr("quarantined"));
  EXPECT_TRUE(rig.signal("good", "s")->ok());
  auto task = rig.poll_workflow();
  ASSERT_TRUE(task->ok());
  EXPECT_EQ(task->response.workflow_execution().workflow_id(), "good");
}

TEST(Failures, ATaskThatWasOnlyInMemoryIsWaitingAgainAfterACrash) {
  Rig rig;
  rig.start("w");
  auto lost = rig.poll_workflow();
  ASSERT_TRUE(lost->ok());
  rig.crash_and_restart();
  auto stale = rig.complete(lost->response.task_token(), {complete_workflow("1")});
  ASSERT_TRUE(stale->answered());
  EXPECT_EQ(stale->status->code(), Code::kNotFound);
  auto again = rig.poll_workflow();
  ASSERT_TRUE(again->ok());
  EXPECT_TRUE(rig.complete(again->response.task_token(), {complete_workflow("2")})->ok());
}

TEST(Failures, AnActivityHeldByAWorkerOfADeadProcessFailsAtOnce) {
  Rig rig;
  rig.start("w");
  auto task = rig.poll_workflow();
  rig.complete(task->response.task_token(), {schedule_activity("a")});
  auto held = rig.poll_activity("orders", {.timeout = seconds(70), .in_process = true});
  ASSERT_TRUE(held->ok());
  rig.crash_and_restart();
  auto again = rig.poll_activity();
  rig.advance(seconds(2));  // the retry's back-off
  ASSERT_TRUE(again->ok());
  EXPECT_EQ(again->response.attempt(), 2);
}

TEST(Failures, MoreOrphansThanARoundRepairsAreAllRepaired) {
  Rig rig;
  rig.start("w");
  auto task = rig.poll_workflow();
  std::vector<Command> commands;
  for (int i = 0; i < 300; ++i) {
    commands.push_back(schedule_activity("a" + std::to_string(i)));
  }
  ASSERT_TRUE(rig.complete(task->response.task_token(), commands)->ok());
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(rig.poll_activity("orders", {.timeout = seconds(70), .in_process = true})->ok());
  }
  rig.crash_and_restart();
  rig.instance->step();
  EXPECT_TRUE(rig.durable->read_orphans(2, 1)->empty());
}

TEST(Failures, AnActivityHeldByAnotherProcessIsLeftAlone) {
  Rig rig;
  rig.start("w");
  auto task = rig.poll_workflow();
  rig.complete(task->response.task_token(), {schedule_activity("a")});
  auto held = rig.poll_activity();
  ASSERT_TRUE(held->ok());
  rig.crash_and_restart();
  EXPECT_TRUE(rig.complete_activity(held->response.task_token(), "1")->ok());
}

TEST(Failures, StopAnswersWhatWaits) {
  Rig rig;
  rig.start("w");
  auto poll = rig.poll_workflow("elsewhere");
  auto waiting = rig.wait_for_close("w");
  auto posted =
      rig.post<wire::StartWorkflowExecutionResponse>("StartWorkflowExecution", Rig::start_request("w2"));
  EXPECT_TRUE(rig.instance->stop().ok());
  ASSERT_TRUE(poll->ok());
  EXPECT_TRUE(poll->response.task_token().empty());
  ASSERT_TRUE(waiting->answered());
  EXPECT_EQ(waiting->status->code(), Code::kUnavailable);
  EXPECT_TRUE(posted->ok());
  auto after = rig.start("w3");
  ASSERT_TRUE(after->answered());
  EXPECT_EQ(after->status->code(), Code::kUnavailable);
}

TEST(Failures, AbandonCallsNothingBack) {
  Rig rig;
  auto poll = rig.poll_workflow();
  auto posted =
      rig.post<wire::StartWorkflowExecutionResponse>("StartWorkflowExecution", Rig::start_request("w"));
  rig.instance->abandon();
  rig.frontend.reset();
  rig.instance.reset();
  EXPECT_FALSE(poll->answered());
  EXPECT_FALSE(posted->answered());
}

TEST(Failures, LargeCommandsAreSpreadOverRounds) {
  Rig rig;
  rig.start("w");
  const int before = rig.storage->commits;
  std::vector<PendingPointer<wire::SignalWorkflowExecutionResponse>> signals;
  for (int i = 0; i < 20; ++i) {
    wire::SignalWorkflowExecutionRequest request;
    request.set_namespace_("default");
    request.mutable_workflow_execution()->set_workflow_id("w");
    request.set_signal_name("large");
    *request.mutable_input() = payloads(std::string(2'000'000, 'x'));
    signals.push_back(rig.post<wire::SignalWorkflowExecutionResponse>("SignalWorkflowExecution", request));
  }
  rig.instance->step();
  for (const auto& signal : signals) {
    EXPECT_TRUE(signal->ok());
  }
  EXPECT_EQ(rig.storage->commits, before + 3);
}

TEST(Failures, AFullMailboxRefusesNewWorkBeforeCompletions) {
  Rig rig;
  rig.start("w");
  auto task = rig.poll_workflow();
  PendingPointer<wire::StartWorkflowExecutionResponse> last;
  for (std::size_t i = 0; i <= limits::kMailbox; ++i) {
    last = rig.post<wire::StartWorkflowExecutionResponse>("StartWorkflowExecution",
                                                          Rig::start_request("x" + std::to_string(i)));
  }
  ASSERT_TRUE(last->answered());
  EXPECT_EQ(last->status->code(), Code::kResourceExhausted);
  EXPECT_TRUE(rig.complete(task->response.task_token(), {complete_workflow("1")})->ok());
}

TEST(Failures, AMailboxOfLargeRequestsIsFullLongBeforeItHoldsItsNumber) {
  Rig rig;
  wire::StartWorkflowExecutionRequest large = Rig::start_request("large");
  large.mutable_input()->add_payloads()->set_data(std::string(2'000'000, 'x'));
  PendingPointer<wire::StartWorkflowExecutionResponse> last;
  std::size_t accepted = 0;
  for (; accepted < limits::kMailbox; ++accepted) {
    large.set_workflow_id("large" + std::to_string(accepted));
    last = rig.post<wire::StartWorkflowExecutionResponse>("StartWorkflowExecution", large);
    if (last->answered()) {
      break;
    }
  }
  ASSERT_TRUE(last->answered());
  EXPECT_EQ(last->status->code(), Code::kResourceExhausted);
  EXPECT_GE(accepted, 10u);
  EXPECT_LE(accepted, limits::kMailboxBytes / 2'000'000);
  rig.instance->step();
  EXPECT_TRUE(rig.start("small")->ok()) << "once they are read there is room again";
}

TEST(Failures, AFullMailboxStillLetsGoOfPolls) {
  Rig rig;
  auto poll = rig.poll_workflow("quiet");
  for (std::size_t i = 0; i <= limits::kMailbox * 2; ++i) {
    rig.post<wire::StartWorkflowExecutionResponse>("StartWorkflowExecution",
                                                   Rig::start_request("x" + std::to_string(i)));
  }
  rig.frontend->cancel(poll->ticket);
  rig.instance->step();
  ASSERT_TRUE(poll->answered());
  EXPECT_EQ(poll->status->code(), Code::kCancelled) << "and takes no task";
}

}  // namespace
}  // namespace perdure::testing
