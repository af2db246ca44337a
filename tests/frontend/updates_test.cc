// Updates: admitted, accepted, completed, rejected; speculative workflow tasks; update-with-start.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "temporal/api/errordetails/v1/message.pb.h"
#include "tests/runtime/harness.h"

namespace perdure::testing {
namespace {

namespace update = temporal::api::update::v1;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Message = temporal::api::protocol::v1::Message;
using UpdatePointer = PendingPointer<wire::UpdateWorkflowExecutionResponse>;
using Task = wire::PollWorkflowTaskQueueResponse;

constexpr auto kAccepted = enums::UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ACCEPTED;
constexpr auto kCompleted = enums::UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED;
constexpr auto kAdmitted = enums::UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ADMITTED;
constexpr const char* kSticky = "orders-sticky";

class Updates : public ::testing::Test {
 protected:
  static wire::UpdateWorkflowExecutionRequest update_request(
      const std::string& update_id, enums::UpdateWorkflowExecutionLifecycleStage stage = kCompleted) {
    wire::UpdateWorkflowExecutionRequest request;
    request.set_namespace_("default");
    request.mutable_workflow_execution()->set_workflow_id("w");
    request.mutable_wait_policy()->set_lifecycle_stage(stage);
    request.mutable_request()->mutable_meta()->set_update_id(update_id);
    request.mutable_request()->mutable_input()->set_name("add");
    return request;
  }
  UpdatePointer send(const std::string& update_id,
                     enums::UpdateWorkflowExecutionLifecycleStage stage = kCompleted) {
    return rig.call<wire::UpdateWorkflowExecutionResponse>("UpdateWorkflowExecution",
                                                           update_request(update_id, stage));
  }
  PendingPointer<wire::PollWorkflowExecutionUpdateResponse> poll(
      const std::string& update_id, enums::UpdateWorkflowExecutionLifecycleStage stage = kCompleted) {
    wire::PollWorkflowExecutionUpdateRequest request;
    request.set_namespace_("default");
    request.mutable_update_ref()->mutable_workflow_execution()->set_workflow_id("w");
    request.mutable_update_ref()->set_update_id(update_id);
    request.mutable_wait_policy()->set_lifecycle_stage(stage);
    return rig.call<wire::PollWorkflowExecutionUpdateResponse>("PollWorkflowExecutionUpdate", request);
  }
  template <class Body>
  static Message message(const std::string& update_id, const char* what, const Body& body) {
    Message message;
    message.set_id(update_id + "/" + what);
    message.set_protocol_instance_id(update_id);
    message.mutable_body()->PackFrom(body);
    return message;
  }
  static Message accept(const std::string& update_id) {
    update::Acceptance body;
    body.set_accepted_request_message_id(update_id + "/request");
    body.set_accepted_request_sequencing_event_id(4);
    return message(update_id, "accept", body);
  }
  static Message reject(const std::string& update_id, const std::string& why) {
    update::Rejection body;
    body.mutable_failure()->set_message(why);
    return message(update_id, "reject", body);
  }
  static Message respond(const std::string& update_id, const std::string& result) {
    update::Response body;
    body.mutable_meta()->set_update_id(update_id);
    *body.mutable_outcome()->mutable_success() = payloads(result);
    return message(update_id, "respond", body);
  }
  static Command point_to(const Message& message) {
    Command command;
    command.set_command_type(enums::COMMAND_TYPE_PROTOCOL_MESSAGE);
    command.mutable_protocol_message_command_attributes()->set_message_id(message.id());
    return command;
  }
  struct Answer {
    std::vector<Command> commands{};
    std::vector<Message> messages{};
    bool return_new = true;
    bool heartbeat = false;
    std::string sticky_queue{};
  };
  PendingPointer<wire::RespondWorkflowTaskCompletedResponse> complete(const Task& task,
                                                                      const Answer& answer) {
    wire::RespondWorkflowTaskCompletedRequest request;
    request.set_task_token(task.task_token());
    request.set_identity("worker");
    request.set_return_new_workflow_task(answer.return_new);
    request.set_force_create_new_workflow_task(answer.heartbeat);
    request.mutable_capabilities()->set_discard_speculative_workflow_task_with_events(true);
    for (const Command& command : answer.commands) {
      *request.add_commands() = command;
    }
    for (const Message& one : answer.messages) {
      *request.add_messages() = one;
    }
    if (!answer.sticky_queue.empty()) {
      auto* sticky = request.mutable_sticky_attributes();
      sticky->mutable_worker_task_queue()->set_name(answer.sticky_queue);
      sticky->mutable_schedule_to_start_timeout()->set_seconds(5);
    }
    return rig.call<wire::RespondWorkflowTaskCompletedResponse>("RespondWorkflowTaskCompleted", request);
  }
  // Accepted and completed at once, as workers do with plain handlers.
  PendingPointer<wire::RespondWorkflowTaskCompletedResponse> complete_update(const Task& task,
                                                                             const std::string& id,
                                                                             const std::string& result) {
    return complete(task, {.commands = {point_to(accept(id)), point_to(respond(id, result))},
                           .messages = {accept(id), respond(id, result)}});
  }
  void start_idle(const std::string& sticky_queue = "") {
    rig.start("w");
    ASSERT_TRUE(rig.complete(rig.poll_workflow()->response.task_token(), {}, sticky_queue)->ok());
  }
  void terminate() {
    wire::TerminateWorkflowExecutionRequest request;
    request.set_namespace_("default");
    request.mutable_workflow_execution()->set_workflow_id("w");
    ASSERT_TRUE(
        rig.call<wire::TerminateWorkflowExecutionResponse>("TerminateWorkflowExecution", request)->ok());
  }
  // Without "EVENT_TYPE_".
  std::vector<std::string> events() {
    std::vector<std::string> names;
    for (const enums::EventType type : rig.event_types("w")) {
      names.push_back(enums::EventType_Name(type).substr(11));
    }
    return names;
  }
  std::vector<std::string> new_events() {
    auto names = events();
    names.erase(names.begin(), names.begin() + 4);
    return names;
  }
  static std::string result_of(const UpdatePointer& answer) {
    EXPECT_TRUE(answer->ok());
    return answer->ok() && answer->response.outcome().has_success()
               ? answer->response.outcome().success().payloads(0).data()
               : "";
  }

  Rig rig;
};

TEST_F(Updates, AnIdleRunGetsASpeculativeTaskAndTheUpdateItsEvents) {
  start_idle();
  const int commits = rig.storage->commits;
  auto sent = send("u");
  auto task = rig.poll_workflow();
  ASSERT_TRUE(task->ok());
  EXPECT_EQ(rig.storage->commits, commits) << "nothing is known to be worth keeping";
  EXPECT_EQ(events().size(), 4U);
  EXPECT_EQ(task->response.history().events_size(), 6);
  EXPECT_EQ(task->response.started_event_id(), 6);
  ASSERT_EQ(task->response.messages_size(), 1);
  const Message& asked = task->response.messages(0);
  EXPECT_EQ(asked.id(), "u/request");
  EXPECT_EQ(asked.protocol_instance_id(), "u");
  EXPECT_EQ(asked.event_id(), 5);
  update::Request request;
  ASSERT_TRUE(asked.body().UnpackTo(&request));
  EXPECT_EQ(request.input().name(), "add");
  EXPECT_FALSE(sent->answered());
  ASSERT_TRUE(complete_update(task->response, "u", "42")->ok());
  EXPECT_EQ(result_of(sent), "42");
  EXPECT_EQ(sent->response.stage(), kCompleted);
  EXPECT_EQ(sent->response.update_ref().update_id(), "u");
  EXPECT_EQ(sent->response.update_ref().workflow_execution().run_id(),
            task->response.workflow_execution().run_id());
  EXPECT_THAT(new_events(),
              ElementsAre("WORKFLOW_TASK_SCHEDULED", "WORKFLOW_TASK_STARTED", "WORKFLOW_TASK_COMPLETED",
                          "WORKFLOW_EXECUTION_UPDATE_ACCEPTED", "WORKFLOW_EXECUTION_UPDATE_COMPLETED"));
  const auto history = rig.history(Rig::history_request("w"))->response.history();
  const auto& accepted = history.events(7).workflow_execution_update_accepted_event_attributes();
  EXPECT_EQ(accepted.protocol_instance_id(), "u");
  EXPECT_EQ(accepted.accepted_request_message_id(), "u/request");
  EXPECT_EQ(accepted.accepted_request().input().name(), "add");
  const auto& completed = history.events(8).workflow_execution_update_completed_event_attributes();
  EXPECT_EQ(completed.accepted_event_id(), 8);
  EXPECT_EQ(completed.meta().update_id(), "u");
}

TEST_F(Updates, ARejectedUpdateLeavesNoTrace) {
  start_idle();
  const int commits = rig.storage->commits;
  auto sent = send("u", kAccepted);
  auto task = rig.poll_workflow();
  auto completion = complete(task->response, {.messages = {reject("u", "no")}});
  ASSERT_TRUE(completion->ok());
  EXPECT_EQ(completion->response.reset_history_event_id(), 3);
  ASSERT_TRUE(sent->ok());
  EXPECT_EQ(sent->response.outcome().failure().message(), "no");
  EXPECT_EQ(sent->response.stage(), kCompleted);
  EXPECT_EQ(sent->response.link().workflow().reason(), "Update rejected");
  EXPECT_EQ(rig.storage->commits, commits);
  EXPECT_EQ(events().size(), 4U);
  EXPECT_EQ(poll("u")->status->code(), Code::kNotFound) << "nobody remembers it";
  EXPECT_EQ(complete(task->response, {})->status->message(), "Workflow task not found.");
}

TEST_F(Updates, TheAnswerToADiscardedTaskDoesNotCountForTheNext) {
  start_idle();
  send("u");
  auto first = rig.poll_workflow();
  ASSERT_TRUE(complete(first->response, {.messages = {reject("u", "no")}})->ok());
  auto again = send("v");
  auto second = rig.poll_workflow();
  EXPECT_EQ(second->response.started_event_id(), first->response.started_event_id());
  EXPECT_EQ(complete_update(first->response, "v", "old")->status->code(), Code::kNotFound);
  ASSERT_TRUE(complete_update(second->response, "v", "new")->ok());
  EXPECT_EQ(result_of(again), "new");
}

TEST_F(Updates, AcceptanceIsToldBeforeCompletion) {
  start_idle();
  auto accepted = send("u", kAccepted);
  auto task = rig.poll_workflow();
  ASSERT_TRUE(complete(task->response,
                       {.commands = {point_to(accept("u")), start_timer("t", 5)}, .messages = {accept("u")}})
                  ->ok());
  ASSERT_TRUE(accepted->ok());
  EXPECT_EQ(accepted->response.stage(), kAccepted);
  EXPECT_FALSE(accepted->response.has_outcome());
  auto result = poll("u");
  auto repeated = send("u");
  EXPECT_FALSE(result->answered());
  rig.advance(seconds(5));
  task = rig.poll_workflow();
  EXPECT_EQ(task->response.messages_size(), 0);
  ASSERT_TRUE(
      complete(task->response, {.commands = {point_to(respond("u", "1"))}, .messages = {respond("u", "1")}})
          ->ok());
  ASSERT_TRUE(result->ok());
  EXPECT_EQ(result->response.outcome().success().payloads(0).data(), "1");
  EXPECT_EQ(result_of(repeated), "1");
  EXPECT_EQ(result_of(send("u")), "1") << "an id is known for as long as the run";
}

TEST_F(Updates, AnOutcomeOutlivesItsProcessAndItsRun) {
  start_idle();
  send("u");
  ASSERT_TRUE(complete_update(rig.poll_workflow()->response, "u", "42")->ok());
  rig.crash_and_restart();
  EXPECT_EQ(poll("u")->response.outcome().success().payloads(0).data(), "42");
  terminate();
  EXPECT_EQ(result_of(send("u")), "42");
  EXPECT_EQ(send("v")->status->message(), "workflow execution already completed");
}

TEST_F(Updates, WaitingEndsWithTheStageThatWasReached) {
  start_idle();
  auto admitted = send("u");
  rig.advance(seconds(20));
  ASSERT_TRUE(admitted->ok());
  EXPECT_EQ(admitted->response.stage(), kAdmitted);
  EXPECT_FALSE(admitted->response.has_outcome());
}

TEST_F(Updates, AnUpdateGoesWithTheTaskThatIsPending) {
  rig.start("w");
  auto sent = send("u");
  auto task = rig.poll_workflow();
  ASSERT_EQ(task->response.messages_size(), 1);
  EXPECT_EQ(task->response.messages(0).event_id(), 2);
  ASSERT_TRUE(complete_update(task->response, "u", "42")->ok());
  EXPECT_EQ(result_of(sent), "42");
}

TEST_F(Updates, AnUpdateThatComesWhileATaskRunsGetsTheNext) {
  rig.start("w");
  auto task = rig.poll_workflow();
  auto sent = send("u");
  auto completion = complete(task->response, {});
  ASSERT_TRUE(completion->ok());
  ASSERT_EQ(completion->response.workflow_task().messages_size(), 1);
  EXPECT_EQ(events().size(), 4U) << "the next task is speculative";
  ASSERT_TRUE(complete_update(completion->response.workflow_task(), "u", "42")->ok());
  EXPECT_EQ(result_of(sent), "42");
  EXPECT_EQ(events().size(), 9U);
}

TEST_F(Updates, AWorkerThatTakesNoTaskWithItsAnswerGetsAnOrdinaryOne) {
  rig.start("w");
  auto task = rig.poll_workflow();
  auto sent = send("u");
  ASSERT_TRUE(complete(task->response, {.return_new = false})->ok());
  EXPECT_EQ(events().size(), 5U);
  ASSERT_TRUE(complete_update(rig.poll_workflow()->response, "u", "42")->ok());
  EXPECT_EQ(result_of(sent), "42");
}

TEST_F(Updates, ASignalMakesTheSpeculativeTaskAnOrdinaryOne) {
  start_idle();
  auto sent = send("u");
  auto task = rig.poll_workflow();
  ASSERT_TRUE(rig.signal("w", "go")->ok());
  ASSERT_TRUE(complete(task->response, {.messages = {reject("u", "no")}})->ok());
  EXPECT_EQ(sent->response.outcome().failure().message(), "no");
  EXPECT_THAT(new_events(),
              ElementsAre("WORKFLOW_TASK_SCHEDULED", "WORKFLOW_TASK_STARTED", "WORKFLOW_TASK_COMPLETED",
                          "WORKFLOW_EXECUTION_SIGNALED", "WORKFLOW_TASK_SCHEDULED"));
}

TEST_F(Updates, ASignalBeforeTheSpeculativeTaskStartsComesAfterItsScheduling) {
  start_idle();
  auto sent = send("u");
  ASSERT_TRUE(rig.signal("w", "go")->ok());
  EXPECT_THAT(new_events(), ElementsAre("WORKFLOW_TASK_SCHEDULED", "WORKFLOW_EXECUTION_SIGNALED"));
  auto task = rig.poll_workflow();
  EXPECT_EQ(task->response.messages_size(), 1);
  ASSERT_TRUE(complete_update(task->response, "u", "42")->ok());
  EXPECT_EQ(result_of(sent), "42");
}

TEST_F(Updates, AfterACrashTheCallerAsksAgainAndNothingIsLeftBehind) {
  start_idle();
  send("u");
  auto lost = rig.poll_workflow();
  rig.crash_and_restart();
  EXPECT_EQ(complete_update(lost->response, "u", "42")->status->code(), Code::kNotFound);
  auto sent = send("u");
  ASSERT_TRUE(complete_update(rig.poll_workflow()->response, "u", "43")->ok());
  EXPECT_EQ(result_of(sent), "43");
  EXPECT_EQ(events().size(), 9U);
}

TEST_F(Updates, ASignalBufferedBehindASpeculativeTaskSurvivesACrash) {
  start_idle();
  send("u");
  rig.poll_workflow();
  ASSERT_TRUE(rig.signal("w", "go")->ok());
  rig.crash_and_restart();
  auto task = rig.poll_workflow();
  ASSERT_TRUE(task->ok());
  EXPECT_EQ(task->response.history().events(5).event_type(), enums::EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED);
}

TEST_F(Updates, WithoutAWorkerTheSpeculativeTaskBecomesAnOrdinaryOne) {
  start_idle();
  send("u");
  rig.advance(seconds(5));
  EXPECT_THAT(new_events(),
              ElementsAre("WORKFLOW_TASK_SCHEDULED", "WORKFLOW_TASK_TIMED_OUT", "WORKFLOW_TASK_SCHEDULED"));
  EXPECT_EQ(rig.poll_workflow()->response.messages_size(), 1);
}

TEST_F(Updates, AWorkerThatDiesWithASpeculativeTaskIsReplaced) {
  start_idle();
  auto sent = send("u");
  rig.poll_workflow();
  rig.advance(seconds(10));
  EXPECT_THAT(new_events(),
              ElementsAre("WORKFLOW_TASK_SCHEDULED", "WORKFLOW_TASK_STARTED", "WORKFLOW_TASK_TIMED_OUT"));
  auto task = rig.poll_workflow();
  ASSERT_EQ(task->response.messages_size(), 1);
  ASSERT_TRUE(complete_update(task->response, "u", "42")->ok());
  EXPECT_EQ(result_of(sent), "42");
}

TEST_F(Updates, AStickyWorkerGetsOnlyWhatIsNew) {
  start_idle(kSticky);
  auto task = rig.poll_workflow(kSticky, enums::TASK_QUEUE_KIND_STICKY);
  send("u");
  ASSERT_TRUE(task->ok());
  EXPECT_EQ(task->response.history().events_size(), 3);
  EXPECT_EQ(task->response.history().events(0).event_type(), enums::EVENT_TYPE_WORKFLOW_TASK_COMPLETED);
  auto rejected = complete(task->response, {.messages = {reject("u", "no")}, .sticky_queue = kSticky});
  ASSERT_TRUE(rejected->ok());
  EXPECT_EQ(events().size(), 4U);
}

TEST_F(Updates, WhatAWorkerDoesNotAnswerIsRejected) {
  start_idle();
  auto sent = send("u");
  ASSERT_TRUE(complete(rig.poll_workflow()->response, {})->ok());
  ASSERT_TRUE(sent->ok());
  EXPECT_EQ(sent->response.outcome().failure().application_failure_info().type(), "UnprocessedUpdate");
  EXPECT_EQ(events().size(), 4U);
}

TEST_F(Updates, AHeartbeatKeepsTheUpdate) {
  start_idle();
  auto sent = send("u");
  auto beat = complete(rig.poll_workflow()->response, {.heartbeat = true});
  ASSERT_TRUE(beat->ok());
  EXPECT_EQ(beat->response.workflow_task().messages_size(), 0) << "the worker has it already";
  EXPECT_FALSE(sent->answered());
  ASSERT_TRUE(complete_update(beat->response.workflow_task(), "u", "42")->ok());
  EXPECT_EQ(result_of(sent), "42");
}

TEST_F(Updates, ARunThatClosesEndsItsUpdates) {
  start_idle();
  auto accepted = send("a");
  ASSERT_TRUE(complete(rig.poll_workflow()->response,
                       {.commands = {point_to(accept("a"))}, .messages = {accept("a")}})
                  ->ok());
  auto admitted = send("b");
  terminate();
  ASSERT_TRUE(accepted->ok());
  EXPECT_EQ(accepted->response.outcome().failure().application_failure_info().type(),
            "AcceptedUpdateCompletedWorkflow");
  EXPECT_EQ(admitted->status->code(), Code::kNotFound);
  EXPECT_EQ(admitted->status->message(), "workflow update was aborted by closing workflow");
  EXPECT_TRUE(poll("a")->response.outcome().has_failure());
  EXPECT_THAT(events().back(), "WORKFLOW_EXECUTION_TERMINATED");
  EXPECT_THAT(events()[events().size() - 2], "WORKFLOW_TASK_SCHEDULED") << "of the speculative task";
}

TEST_F(Updates, AWorkflowMayCompleteWithItsUpdate) {
  start_idle();
  auto sent = send("u");
  auto late =
      complete(rig.poll_workflow()->response,
               {.commands = {point_to(accept("u")), point_to(respond("u", "1")), complete_workflow("2")},
                .messages = {accept("u"), respond("u", "1")}});
  ASSERT_TRUE(late->ok());
  EXPECT_EQ(result_of(sent), "1");
}

TEST_F(Updates, WhatWasNotSentWhenARunIsContinuedIsWorthAnotherTry) {
  rig.start("w");
  auto task = rig.poll_workflow();
  auto sent = send("u");
  Command command;
  command.set_command_type(enums::COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION);
  auto* attributes = command.mutable_continue_as_new_workflow_execution_command_attributes();
  attributes->mutable_workflow_type()->set_name("Order");
  attributes->mutable_task_queue()->set_name("orders");
  ASSERT_TRUE(complete(task->response, {.commands = {command}})->ok());
  ASSERT_TRUE(sent->answered());
  EXPECT_EQ(sent->status->code(), Code::kResourceExhausted);
  EXPECT_EQ(sent->status->message(), "workflow operation can not be applied because workflow is closing");
}

TEST_F(Updates, AWorkerThatAnswersBadlyFailsItsTask) {
  struct Case {
    std::vector<Command> commands;
    std::vector<Message> messages;
    const char* text;
  };
  update::Acceptance no_sequence;
  no_sequence.set_accepted_request_message_id("u/request");
  update::Response other;
  other.mutable_meta()->set_update_id("x");
  const Case cases[] = {
      {{point_to(accept("u"))}, {}, "ProtocolMessageCommand referenced absent message ID u/accept"},
      {{}, {accept("x")}, "update x wasn't found on the server."},
      {{}, {respond("u", "1")}, "invalid state transition attempted for Update u: received *update.Response"},
      {{}, {accept("u"), accept("u")}, "received *update.Acceptance message while in state Accepted"},
      {{}, {message("u", "m", no_sequence)}, "accepted_request_sequencing_event_id is not set"},
      {{}, {accept("u"), message("u", "m", other)}, "invalid *update.Response: meta.update_id != u"},
      {{}, {message("u", "m", update_request("u").request())}, "Message type *update.Request not supported"},
      {{}, {message("u", "m", payloads("1"))}, "unsupported protocol type temporal.api.common.v1"},
  };
  for (const Case& one : cases) {
    auto start = Rig::start_request("w");
    start.set_request_id(one.text);
    ASSERT_TRUE(rig.call<wire::StartWorkflowExecutionResponse>("StartWorkflowExecution", start)->ok());
    ASSERT_TRUE(rig.complete(rig.poll_workflow()->response.task_token(), {})->ok());
    auto sent = send("u");
    auto refused =
        complete(rig.poll_workflow()->response, {.commands = one.commands, .messages = one.messages});
    ASSERT_TRUE(refused->answered());
    EXPECT_EQ(refused->status->code(), Code::kInvalidArgument);
    EXPECT_THAT(refused->status->message(), HasSubstr(one.text));
    EXPECT_EQ(sent->status->message(),
              "Unable to perform workflow execution update due to unexpected workflow task failure.");
    EXPECT_THAT(new_events(),
                ElementsAre("WORKFLOW_TASK_SCHEDULED", "WORKFLOW_TASK_STARTED", "WORKFLOW_TASK_FAILED"))
        << one.text;
    terminate();
  }
}

TEST_F(Updates, TenAreInFlightAtMost) {
  start_idle();
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(send(std::to_string(i))->answered());
  }
  auto refused = send("10");
  EXPECT_EQ(refused->status->code(), Code::kResourceExhausted);
  EXPECT_EQ(refused->status->message(),
            "limit on number of concurrent in-flight updates has been reached (10)");
  EXPECT_FALSE(send("3")->answered()) << "it is one of the ten";
  auto task = rig.poll_workflow();
  ASSERT_EQ(task->response.messages_size(), 10);
  EXPECT_EQ(task->response.messages(9).protocol_instance_id(), "9") << "in the order of admission";
}

TEST_F(Updates, TwoThousandAreTheMostOfARun) {
  start_idle();
  for (int i = 0; i < 2'000; ++i) {
    const std::string id = std::to_string(i);
    auto sent = send(id);
    auto task = rig.poll_workflow();
    ASSERT_TRUE(complete_update(task->response, id, "1")->ok()) << i;
    ASSERT_TRUE(sent->ok());
    if (i % 500 == 0) {
      rig.crash_and_restart();
    }
  }
  auto refused = send("one more");
  EXPECT_EQ(refused->status->code(), Code::kFailedPrecondition);
  EXPECT_THAT(refused->status->message(), HasSubstr("has been reached (2000)"));
  EXPECT_EQ(result_of(send("77")), "1");
}

TEST_F(Updates, ARefusedCommitAbortsThoseWhoWait) {
  start_idle();
  auto sent = send("u");
  auto task = rig.poll_workflow();
  rig.storage->refuse = Status(Code::kResourceExhausted, "the disk is full");
  EXPECT_FALSE(complete_update(task->response, "u", "42")->ok());
  ASSERT_TRUE(sent->answered());
  EXPECT_EQ(sent->status->code(), Code::kUnavailable);
  EXPECT_EQ(sent->status->message(), "workflow update was aborted");
}

TEST_F(Updates, AnswersWaitForTheCommit) {
  start_idle();
  auto sent = send("u");
  auto task = rig.poll_workflow();
  rig.storage->hold = true;
  complete_update(task->response, "u", "42");
  EXPECT_FALSE(sent->answered());
  rig.storage->hold = false;
  rig.storage->let_go();
  rig.instance->step();
  EXPECT_EQ(result_of(sent), "42");
}

TEST_F(Updates, BadRequestsAreRefusedByName) {
  auto request = update_request("u");
  const auto text = [&] {
    return rig.call<wire::UpdateWorkflowExecutionResponse>("UpdateWorkflowExecution", request)
        ->status->message();
  };
  EXPECT_EQ(text(), "workflow not found for ID: w");
  request.mutable_wait_policy()->set_lifecycle_stage(kAdmitted);
  EXPECT_THAT(text(), HasSubstr("waiting on update admitted is not supported"));
  request.mutable_request()->mutable_input()->clear_name();
  EXPECT_EQ(text(), "Update name is not set on request.");
  request.mutable_request()->clear_input();
  EXPECT_EQ(text(), "Update input is not set on request.");
  request.mutable_request()->mutable_meta()->set_update_id(std::string(1'001, 'x'));
  EXPECT_EQ(text(), "UpdateId length exceeds limit.");
  request.mutable_request()->clear_meta();
  EXPECT_EQ(text(), "Update meta is not set on request.");
  EXPECT_EQ(rig.call<wire::PollWorkflowExecutionUpdateResponse>("PollWorkflowExecutionUpdate",
                                                                wire::PollWorkflowExecutionUpdateRequest())
                ->status->message(),
            "Namespace is empty.");
}

// --- update-with-start
// ---------------------------------------------------------------------------------------

class UpdateWithStart : public Updates {
 protected:
  PendingPointer<wire::ExecuteMultiOperationResponse> execute(
      const std::string& update_id,
      enums::WorkflowIdConflictPolicy policy = enums::WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
      const std::string& request_id = "") {
    wire::ExecuteMultiOperationRequest request;
    request.set_namespace_("default");
    auto* start = request.add_operations()->mutable_start_workflow();
    *start = Rig::start_request("w");
    start->set_request_id(request_id);
    start->set_workflow_id_conflict_policy(policy);
    *request.add_operations()->mutable_update_workflow() = update_request(update_id);
    return rig.call<wire::ExecuteMultiOperationResponse>("ExecuteMultiOperation", request);
  }
};

TEST_F(UpdateWithStart, TheRunStartsWithTheUpdate) {
  auto sent = execute("u");
  EXPECT_FALSE(sent->answered());
  auto task = rig.poll_workflow();
  ASSERT_EQ(task->response.messages_size(), 1);
  ASSERT_TRUE(complete_update(task->response, "u", "42")->ok());
  ASSERT_TRUE(sent->ok());
  ASSERT_EQ(sent->response.responses_size(), 2);
  EXPECT_TRUE(sent->response.responses(0).start_workflow().started());
  EXPECT_EQ(sent->response.responses(0).start_workflow().run_id(),
            task->response.workflow_execution().run_id());
  EXPECT_EQ(sent->response.responses(1).update_workflow().outcome().success().payloads(0).data(), "42");
  auto repeated = execute("u");
  ASSERT_TRUE(repeated->ok());
  EXPECT_FALSE(repeated->response.responses(0).start_workflow().started());
}

TEST_F(UpdateWithStart, ARunThatIsThereTakesTheUpdate) {
  start_idle();
  auto sent = execute("u");
  ASSERT_TRUE(complete_update(rig.poll_workflow()->response, "u", "42")->ok());
  ASSERT_TRUE(sent->ok());
  EXPECT_FALSE(sent->response.responses(0).start_workflow().started());
  EXPECT_EQ(sent->response.responses(0).start_workflow().status(), enums::WORKFLOW_EXECUTION_STATUS_RUNNING);
}

TEST_F(UpdateWithStart, EitherFailureSaysWhichOperationItWas) {
  start_idle();
  auto refused = execute("u", enums::WORKFLOW_ID_CONFLICT_POLICY_FAIL);
  ASSERT_TRUE(refused->answered());
  EXPECT_EQ(refused->status->code(), Code::kAlreadyExists);
  EXPECT_THAT(refused->status->message(), HasSubstr("MultiOperation could not be executed: Start failed: "));
  temporal::api::errordetails::v1::MultiOperationExecutionFailure detail;
  ASSERT_TRUE(detail.ParseFromString(refused->status->detail()));
  ASSERT_EQ(detail.statuses_size(), 2);
  EXPECT_EQ(detail.statuses(0).code(), 6);
  EXPECT_EQ(detail.statuses(1).code(), 10);
  EXPECT_THAT(detail.statuses(1).details(0).type_url(), HasSubstr("MultiOperationExecutionAborted"));
}

TEST_F(UpdateWithStart, AnUpdateThatAClosingRunAbortsIsTriedOnTheNext) {
  start_idle();
  auto sent = execute("u");
  terminate();
  EXPECT_FALSE(sent->answered());
  auto task = rig.poll_workflow();
  ASSERT_EQ(task->response.messages_size(), 1);
  ASSERT_TRUE(complete_update(task->response, "u", "42")->ok());
  ASSERT_TRUE(sent->ok());
  EXPECT_TRUE(sent->response.responses(0).start_workflow().started());
}

TEST_F(UpdateWithStart, OnlyStartAndUpdateAndOnlyOfOneWorkflow) {
  wire::ExecuteMultiOperationRequest request;
  request.set_namespace_("default");
  const auto text = [&] {
    return rig.call<wire::ExecuteMultiOperationResponse>("ExecuteMultiOperation", request)->status->message();
  };
  EXPECT_EQ(text(), "Operations have to be exactly [Start, Update].");
  *request.add_operations()->mutable_start_workflow() = Rig::start_request("other");
  *request.add_operations()->mutable_update_workflow() = update_request("u");
  EXPECT_EQ(text(), "Update-with-Start could not be executed.");
}

}  // namespace
}  // namespace perdure::testing
