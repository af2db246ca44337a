// What a worker does with the workflow tasks that it gets, and when.
#include <gtest/gtest.h>

#include "api/convert.h"
#include "api/payload_conversion.h"
#include "temporal/api/update/v1/message.pb.h"
#include "tests/worker/rig.h"

namespace perdure::testing {
namespace {

namespace enums = temporal::api::enums::v1;
namespace history = temporal::api::history::v1;
using ServiceCall = std::unique_ptr<ScriptedTransport::Call>;

// The history of one run, as a service writes it.
class Told {
 public:
  Told() {
    auto* started = add(enums::EVENT_TYPE_WORKFLOW_EXECUTION_STARTED)
                        ->mutable_workflow_execution_started_event_attributes();
    started->mutable_workflow_type()->set_name("Approval");
    started->mutable_task_queue()->set_name(kQueue);
  }
  Told& task_scheduled() {
    add(enums::EVENT_TYPE_WORKFLOW_TASK_SCHEDULED)->mutable_workflow_task_scheduled_event_attributes();
    return *this;
  }
  Told& task_started() {
    add(enums::EVENT_TYPE_WORKFLOW_TASK_STARTED)->mutable_workflow_task_started_event_attributes();
    return *this;
  }
  Told& task_completed() {
    add(enums::EVENT_TYPE_WORKFLOW_TASK_COMPLETED)->mutable_workflow_task_completed_event_attributes();
    return *this;
  }
  Told& approved(const std::string& by) {
    auto* signaled = add(enums::EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED)
                         ->mutable_workflow_execution_signaled_event_attributes();
    signaled->set_signal_name("approve");
    api::set_payload(signaled->mutable_input()->add_payloads(), to_payload(by));
    return *this;
  }

  // A task that brings the events from `first` on.
  wire::PollWorkflowTaskQueueResponse task(const std::string& run_id, int first = 1,
                                           std::int64_t previous_started = 0) const {
    wire::PollWorkflowTaskQueueResponse task;
    task.set_task_token("token of " + run_id + " " + std::to_string(events_.size()));
    task.set_attempt(1);
    task.mutable_workflow_execution()->set_workflow_id("w");
    task.mutable_workflow_execution()->set_run_id(run_id);
    task.mutable_workflow_type()->set_name("Approval");
    task.set_started_event_id(events_.size());
    task.set_previous_started_event_id(previous_started);
    task.mutable_history()->mutable_events()->Add(events_.begin() + first - 1, events_.end());
    return task;
  }
  // A query, with the events from `first` on; 0: none.
  wire::PollWorkflowTaskQueueResponse query(const std::string& run_id, const std::string& type, int first,
                                            std::int64_t previous_started) const {
    wire::PollWorkflowTaskQueueResponse query = task(run_id, first == 0 ? 1 : first, previous_started);
    if (first == 0) {
      query.clear_history();
    }
    query.set_started_event_id(0);
    query.mutable_query()->set_query_type(type);
    return query;
  }
  wire::GetWorkflowExecutionHistoryResponse page() const {
    wire::GetWorkflowExecutionHistoryResponse response;
    *response.mutable_history()->mutable_events() = events_;
    return response;
  }

 private:
  history::HistoryEvent* add(enums::EventType type) {
    auto* event = events_.Add();
    event->set_event_id(events_.size());
    event->set_event_type(type);
    api::set_timestamp(event->mutable_event_time(), Timestamp{events_.size() * 1'000'000'000LL});
    return event;
  }

  workflow_core::HistoryEvents events_;
};

class WorkflowWorkerTest : public ::testing::Test {
 protected:
  WorkflowWorkerTest() {
    rig_.service.always("DescribeNamespace", std::make_unique<wire::DescribeNamespaceResponse>());
    rig_.worker.start();
  }

  ServiceCall poll(enums::TaskQueueKind kind) {
    return rig_.service.next("PollWorkflowTaskQueue", [kind](const auto& request) {
      return dynamic_cast<const wire::PollWorkflowTaskQueueRequest&>(request).task_queue().kind() == kind;
    });
  }
  void give(const wire::PollWorkflowTaskQueueResponse& task,
            enums::TaskQueueKind kind = enums::TASK_QUEUE_KIND_NORMAL) {
    poll(kind)->answer(task);
  }
  ServiceCall completion() { return rig_.service.next("RespondWorkflowTaskCompleted"); }
  static const auto& commands(const ServiceCall& completion) {
    return completion->request<wire::RespondWorkflowTaskCompletedRequest>().commands();
  }
  std::string answer_to_query() {
    const auto answer = rig_.service.next("RespondQueryTaskCompleted");
    const auto& request = answer->request<wire::RespondQueryTaskCompletedRequest>();
    std::string text = request.completed_type() == enums::QUERY_RESULT_TYPE_ANSWERED
                           ? request.query_result().payloads(0).data()
                           : "failed: " + request.error_message();
    answer->answer(wire::RespondQueryTaskCompletedResponse());
    return text;
  }
  static void add_update(wire::PollWorkflowTaskQueueResponse* task, const std::string& name,
                         const std::string& argument) {
    temporal::api::update::v1::Request request;
    request.mutable_meta()->set_update_id("u");
    request.mutable_input()->set_name(name);
    api::set_payload(request.mutable_input()->mutable_args()->add_payloads(), to_payload(argument));
    auto* message = task->add_messages();
    message->set_id("u/request");
    message->set_protocol_instance_id("u");
    message->set_event_id(task->started_event_id() - 1);
    message->mutable_body()->PackFrom(request);
  }
  static void expect_result(const ServiceCall& completion, const std::string& result) {
    ASSERT_EQ(commands(completion).size(), 1);
    const auto& attributes = commands(completion)[0].complete_workflow_execution_command_attributes();
    ASSERT_EQ(attributes.result().payloads_size(), 1);
    EXPECT_EQ(attributes.result().payloads(0).data(), "\"" + result + "\"");
  }

  Rig rig_;
};

TEST_F(WorkflowWorkerTest, ATaskOfARememberedRunIsContinued) {
  Told run;
  run.task_scheduled().task_started();
  give(run.task("r"));
  const auto first = completion();
  EXPECT_TRUE(commands(first).empty());
  first->answer(wire::RespondWorkflowTaskCompletedResponse());
  run.task_completed().approved("me").task_scheduled().task_started();
  give(run.task("r", 4, 3), enums::TASK_QUEUE_KIND_STICKY);
  expect_result(completion(), "me");
  EXPECT_EQ(rig_.service.seen("GetWorkflowExecutionHistory"), 0);
}

// A server that dies before a completion is durable knows nothing of it afterwards: what comes next has the
// ids of events that the remembered run has seen.
TEST_F(WorkflowWorkerTest, ATaskIsReplayedWhileTheAnswerToTheOneBeforeIsOutstanding) {
  Told lost;
  lost.task_scheduled().task_started();
  give(lost.task("r"));
  const auto unanswered = completion();
  Told after_restart;
  after_restart.task_scheduled().approved("me").task_started();
  give(after_restart.task("r"));
  expect_result(completion(), "me");
  unanswered->fail(Status(Code::kNotFound, "workflow task not found"));
}

TEST_F(WorkflowWorkerTest, AfterARefusedCompletionTheRunIsReplayed) {
  Told run;
  run.task_scheduled().task_started();
  give(run.task("r"));
  completion()->fail(Status(Code::kNotFound, "workflow task not found"));
  run.task_completed().approved("me").task_scheduled().task_started();
  give(run.task("r", 4, 3));
  rig_.service.next("GetWorkflowExecutionHistory")->answer(run.page());
  expect_result(completion(), "me");
}

TEST_F(WorkflowWorkerTest, ARunWhoseHistoryCannotBeReadKeepsNoOtherWaiting) {
  Told slow;
  slow.task_scheduled().task_started().task_completed().approved("me").task_scheduled().task_started();
  give(slow.task("slow", 4, 3));
  auto reading = rig_.service.next("GetWorkflowExecutionHistory");
  Told other;
  other.approved("you").task_scheduled().task_started();
  give(other.task("other"));
  expect_result(completion(), "you");
  reading->answer(slow.page());
  expect_result(completion(), "me");
}

TEST_F(WorkflowWorkerTest, AWorkerThatStopsFinishesATaskWhoseHistoryIsBeingRead) {
  Told run;
  run.task_scheduled().task_started().task_completed().approved("me").task_scheduled().task_started();
  give(run.task("r", 4, 3));
  auto reading = rig_.service.next("GetWorkflowExecutionHistory");
  std::thread stopping([&] { rig_.worker.stop(); });
  reading->answer(run.page());
  const auto last = completion();
  expect_result(last, "me");
  last->answer(wire::RespondWorkflowTaskCompletedResponse());
  stopping.join();
}

TEST_F(WorkflowWorkerTest, ATaskWhoseHistoryIsRefusedForGoodFails) {
  Told run;
  run.task_scheduled().task_started().task_completed().task_scheduled().task_started();
  give(run.task("r", 4, 3));
  rig_.service.next("GetWorkflowExecutionHistory")->fail(Status(Code::kNotFound, "no such run"));
  const auto failed = rig_.service.next("RespondWorkflowTaskFailed");
  EXPECT_NE(failed->request<wire::RespondWorkflowTaskFailedRequest>().failure().message().find("no such run"),
            std::string::npos);
}

TEST_F(WorkflowWorkerTest, AQueryOfARememberedRunIsAnsweredFromMemory) {
  Told run;
  run.task_scheduled().task_started();
  give(run.task("r"));
  completion()->answer(wire::RespondWorkflowTaskCompletedResponse());
  run.task_completed();
  give(run.query("r", "approver", 4, 3), enums::TASK_QUEUE_KIND_STICKY);
  EXPECT_EQ(answer_to_query(), "\"\"");
  give(run.query("r", "approver", 0, 3), enums::TASK_QUEUE_KIND_STICKY);
  EXPECT_EQ(answer_to_query(), "\"\"");
  // It goes on as if it had not been asked.
  run.approved("me").task_scheduled().task_started();
  give(run.task("r", 4, 3), enums::TASK_QUEUE_KIND_STICKY);
  expect_result(completion(), "me");
  EXPECT_EQ(rig_.service.seen("GetWorkflowExecutionHistory"), 0);
}

TEST_F(WorkflowWorkerTest, AQueryOfAnUnknownRunReplaysItFirst) {
  Told run;
  run.task_scheduled().task_started().task_completed();
  give(run.query("r", "approver", 0, 3));
  rig_.service.next("GetWorkflowExecutionHistory")->answer(run.page());
  EXPECT_EQ(answer_to_query(), "\"\"");
  // And remembers it.
  run.approved("me").task_scheduled().task_started();
  give(run.task("r", 4, 3));
  expect_result(completion(), "me");
  EXPECT_EQ(rig_.service.seen("GetWorkflowExecutionHistory"), 1);
}

TEST_F(WorkflowWorkerTest, AQueryWithTheWholeHistoryOfAClosedRunIsAnswered) {
  Told run;
  run.approved("me").task_scheduled().task_started().task_completed();
  give(run.query("r", "approver", 1, 4));
  EXPECT_EQ(answer_to_query(), "\"me\"");
}

TEST_F(WorkflowWorkerTest, AQueryThatNobodyKnowsFails) {
  Told run;
  run.task_scheduled().task_started().task_completed();
  give(run.query("r", "unheard", 1, 3));
  EXPECT_EQ(answer_to_query().substr(0, 42), "failed: Query handler for 'unheard' expect");
}

TEST_F(WorkflowWorkerTest, QueriesThatComeWithATaskAreAnsweredWithIt) {
  Told run;
  run.task_scheduled().task_started();
  auto task = run.task("r");
  (*task.mutable_queries())["q1"].set_query_type("approver");
  (*task.mutable_queries())["q2"].set_query_type("unheard");
  give(task);
  const auto first = completion();
  const auto& results = first->request<wire::RespondWorkflowTaskCompletedRequest>().query_results();
  EXPECT_EQ(results.at("q1").answer().payloads(0).data(), "\"\"");
  EXPECT_EQ(results.at("q2").result_type(), enums::QUERY_RESULT_TYPE_FAILED);
}

TEST_F(WorkflowWorkerTest, AnUpdateIsAcceptedAndCompletedByMessages) {
  Told run;
  run.task_scheduled().task_started();
  auto task = run.task("r");
  add_update(&task, "rename", "you");
  give(task);
  const auto first = completion();
  const auto& request = first->request<wire::RespondWorkflowTaskCompletedRequest>();
  ASSERT_EQ(request.messages_size(), 2);
  EXPECT_EQ(request.messages(0).id(), "u/request/accept");
  EXPECT_EQ(request.messages(1).id(), "u/request/complete");
  ASSERT_EQ(request.commands_size(), 3);
  EXPECT_EQ(request.commands(0).protocol_message_command_attributes().message_id(), "u/request/accept");
  EXPECT_EQ(request.commands(1).protocol_message_command_attributes().message_id(), "u/request/complete");
  EXPECT_TRUE(request.commands(2).has_complete_workflow_execution_command_attributes());
}

// The service drops a workflow task of which nothing came: the events after it have its ids.
TEST_F(WorkflowWorkerTest, ATaskThatTheServiceDroppedIsForgotten) {
  Told run;
  run.task_scheduled().task_started();
  give(run.task("r"));
  completion()->answer(wire::RespondWorkflowTaskCompletedResponse());
  run.task_completed();
  Told dropped = run;
  dropped.task_scheduled().task_started();
  auto task = dropped.task("r", 4, 3);
  add_update(&task, "rename", "");
  give(task, enums::TASK_QUEUE_KIND_STICKY);
  const auto refusal = completion();
  EXPECT_TRUE(commands(refusal).empty());
  EXPECT_EQ(refusal->request<wire::RespondWorkflowTaskCompletedRequest>().messages(0).id(),
            "u/request/reject");
  wire::RespondWorkflowTaskCompletedResponse response;
  response.set_reset_history_event_id(3);
  refusal->answer(response);
  run.approved("me").task_scheduled().task_started();
  give(run.task("r", 4, 3), enums::TASK_QUEUE_KIND_STICKY);
  expect_result(completion(), "me");
  EXPECT_EQ(rig_.service.seen("GetWorkflowExecutionHistory"), 0);
}

}  // namespace
}  // namespace perdure::testing
