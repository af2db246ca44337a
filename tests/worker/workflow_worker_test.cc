// What a worker does with the workflow tasks that it gets, and when.
#include <gtest/gtest.h>

#include "api/convert.h"
#include "api/payload_conversion.h"
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

}  // namespace
}  // namespace perdure::testing
