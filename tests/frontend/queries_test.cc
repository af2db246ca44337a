// Queries: who is asked, when, and what the caller gets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "temporal/api/errordetails/v1/message.pb.h"
#include "tests/runtime/harness.h"

namespace perdure::testing {
namespace {

using ::testing::IsEmpty;
using QueryPointer = PendingPointer<wire::QueryWorkflowResponse>;

constexpr const char* kSticky = "orders-sticky";

class Queries : public ::testing::Test {
 protected:
  static wire::QueryWorkflowRequest query_request(const std::string& id) {
    wire::QueryWorkflowRequest request;
    request.set_namespace_("default");
    request.mutable_execution()->set_workflow_id(id);
    request.mutable_query()->set_query_type("status");
    return request;
  }
  QueryPointer query(const std::string& id, seconds timeout = seconds(10)) {
    return rig.call<wire::QueryWorkflowResponse>("QueryWorkflow", query_request(id), {.timeout = timeout});
  }
  QueryPointer query_unless(const std::string& id, enums::QueryRejectCondition condition) {
    auto request = query_request(id);
    request.set_query_reject_condition(condition);
    return rig.call<wire::QueryWorkflowResponse>("QueryWorkflow", request);
  }
  PendingPointer<wire::RespondQueryTaskCompletedResponse> answer(const std::string& token,
                                                                 const std::string& result) {
    wire::RespondQueryTaskCompletedRequest request;
    request.set_task_token(token);
    request.set_completed_type(enums::QUERY_RESULT_TYPE_ANSWERED);
    *request.mutable_query_result() = payloads(result);
    return rig.call<wire::RespondQueryTaskCompletedResponse>("RespondQueryTaskCompleted", request);
  }
  PendingPointer<wire::RespondWorkflowTaskCompletedResponse> complete_with(
      const wire::PollWorkflowTaskQueueResponse& task, enums::QueryResultType type, const std::string& text) {
    wire::RespondWorkflowTaskCompletedRequest request;
    request.set_task_token(task.task_token());
    for (const auto& [id, asked] : task.queries()) {
      auto& result = (*request.mutable_query_results())[id];
      result.set_result_type(type);
      if (type == enums::QUERY_RESULT_TYPE_ANSWERED) {
        *result.mutable_answer() = payloads(text);
      } else {
        result.set_error_message(text);
        result.mutable_failure()->set_message(text);
      }
    }
    return rig.call<wire::RespondWorkflowTaskCompletedResponse>("RespondWorkflowTaskCompleted", request);
  }
  // A run that waits for something, its first workflow task completed.
  void start_idle(const std::string& id, const std::string& sticky_queue = "") {
    rig.start(id);
    ASSERT_TRUE(
        rig.complete(rig.poll_workflow()->response.task_token(), {start_timer("t", 3600)}, sticky_queue)
            ->ok());
  }
  PendingPointer<wire::PollWorkflowTaskQueueResponse> poll_sticky() {
    return rig.poll_workflow(kSticky, enums::TASK_QUEUE_KIND_STICKY);
  }
  static std::string result_of(const QueryPointer& query) {
    EXPECT_TRUE(query->ok());
    return query->ok() ? query->response.query_result().payloads(0).data() : "";
  }

  Rig rig;
};

TEST_F(Queries, AnIdleRunIsAskedDirectlyAndNothingIsWritten) {
  start_idle("w");
  const int commits = rig.storage->commits;
  auto asked = query("w");
  auto task = rig.poll_workflow();
  ASSERT_TRUE(task->ok());
  EXPECT_EQ(task->response.query().query_type(), "status");
  EXPECT_EQ(task->response.history().events_size(), 5);
  EXPECT_EQ(task->response.previous_started_event_id(), 3);
  EXPECT_EQ(task->response.started_event_id(), 0);
  EXPECT_EQ(task->response.attempt(), 1);
  EXPECT_EQ(task->response.workflow_type().name(), "Order");
  EXPECT_FALSE(asked->answered());
  ASSERT_TRUE(answer(task->response.task_token(), "42")->ok());
  EXPECT_EQ(result_of(asked), "42");
  EXPECT_EQ(asked->response.link().workflow().reason(), "Query processed");
  EXPECT_EQ(rig.storage->commits, commits);
  EXPECT_EQ(rig.event_types("w").size(), 5U);
}

TEST_F(Queries, AnAnswerCountsOnce) {
  start_idle("w");
  auto asked = query("w");
  const std::string token = rig.poll_workflow()->response.task_token();
  ASSERT_TRUE(answer(token, "1")->ok());
  EXPECT_EQ(answer(token, "2")->status->message(), "query task not found, or already expired");
  EXPECT_EQ(answer("junk", "2")->status->code(), Code::kInvalidArgument);
  EXPECT_EQ(result_of(asked), "1");
}

TEST_F(Queries, APollerThatWaitsIsAskedAtOnce) {
  start_idle("w");
  auto task = rig.poll_workflow();
  EXPECT_FALSE(task->answered());
  auto asked = query("w");
  ASSERT_TRUE(task->ok());
  ASSERT_TRUE(answer(task->response.task_token(), "42")->ok());
  EXPECT_EQ(result_of(asked), "42");
}

TEST_F(Queries, WithAWorkflowTaskPendingTheQuerySeesWhatCameBeforeIt) {
  start_idle("w");
  ASSERT_TRUE(rig.signal("w", "go")->ok());
  auto asked = query("w");
  auto task = rig.poll_workflow();
  ASSERT_TRUE(task->ok());
  EXPECT_FALSE(task->response.has_query());
  ASSERT_EQ(task->response.queries().size(), 1U);
  EXPECT_EQ(task->response.queries().begin()->second.query_type(), "status");
  ASSERT_TRUE(complete_with(task->response, enums::QUERY_RESULT_TYPE_ANSWERED, "signalled")->ok());
  EXPECT_EQ(result_of(asked), "signalled");
}

TEST_F(Queries, TheFirstWorkflowTaskTakesTheQueryAlong) {
  rig.start("w");
  auto asked = query("w");
  EXPECT_FALSE(asked->answered());
  auto task = rig.poll_workflow();
  EXPECT_EQ(task->response.history().events_size(), 3);
  ASSERT_TRUE(complete_with(task->response, enums::QUERY_RESULT_TYPE_FAILED, "no such query")->ok());
  ASSERT_TRUE(asked->answered());
  EXPECT_EQ(asked->status->code(), Code::kInvalidArgument);
  EXPECT_EQ(asked->status->message(), "no such query");
  EXPECT_EQ(asked->status->detail_type(), "temporal.api.errordetails.v1.QueryFailedFailure");
}

TEST_F(Queries, AQueryThatComesWhileAWorkflowTaskRunsIsAskedAfterIt) {
  rig.start("w");
  auto running = rig.poll_workflow();
  auto asked = query("w");
  ASSERT_TRUE(rig.complete(running->response.task_token(), {start_timer("t", 3600)})->ok());
  EXPECT_FALSE(asked->answered());
  auto task = rig.poll_workflow();
  ASSERT_TRUE(task->ok());
  EXPECT_TRUE(task->response.has_query());
  ASSERT_TRUE(answer(task->response.task_token(), "42")->ok());
  EXPECT_EQ(result_of(asked), "42");
}

TEST_F(Queries, AnInvalidAnswerOfAWorkflowTaskIsNone) {
  rig.start("w");
  auto asked = query("w");
  ASSERT_TRUE(complete_with(rig.poll_workflow()->response, enums::QUERY_RESULT_TYPE_UNSPECIFIED, "?")->ok());
  EXPECT_FALSE(asked->answered());
  auto task = rig.poll_workflow();
  EXPECT_TRUE(task->response.has_query());
}

TEST_F(Queries, OneQueryIsBufferedAtATime) {
  rig.start("w");
  auto first = query("w");
  auto second = query("w");
  ASSERT_TRUE(second->answered());
  EXPECT_EQ(second->status->code(), Code::kResourceExhausted);
  EXPECT_THAT(second->status->message(), ::testing::StartsWith("consistent query buffer is full"));
  EXPECT_FALSE(first->answered());
}

TEST_F(Queries, ACacheIsAskedFirstAndNeedsNoHistory) {
  start_idle("w", kSticky);
  auto poll = poll_sticky();
  auto normal = rig.poll_workflow();
  auto asked = query("w");
  EXPECT_FALSE(normal->answered());
  ASSERT_TRUE(poll->ok());
  EXPECT_TRUE(poll->response.has_query());
  EXPECT_EQ(poll->response.history().events_size(), 0);
  ASSERT_TRUE(answer(poll->response.task_token(), "42")->ok());
  EXPECT_EQ(result_of(asked), "42");
}

TEST_F(Queries, AWorkerThatDiesWithAQueryIsReplaced) {
  start_idle("w", kSticky);
  auto dying = poll_sticky();
  auto asked = query("w", seconds(30));
  ASSERT_TRUE(dying->ok());
  auto other = rig.poll_workflow();
  EXPECT_FALSE(other->answered());
  rig.advance(seconds(5));
  ASSERT_TRUE(other->ok());
  EXPECT_EQ(other->response.history().events_size(), 5);
  EXPECT_EQ(answer(dying->response.task_token(), "too late")->status->code(), Code::kNotFound);
  ASSERT_TRUE(answer(other->response.task_token(), "42")->ok());
  EXPECT_EQ(result_of(asked), "42");
}

TEST_F(Queries, AStickyWorkerThatIsGoneIsNotAsked) {
  start_idle("w", kSticky);
  rig.advance(seconds(11));
  auto asked = query("w");
  auto task = rig.poll_workflow();
  ASSERT_TRUE(task->ok());
  EXPECT_EQ(task->response.history().events_size(), 5);
  ASSERT_TRUE(answer(task->response.task_token(), "42")->ok());
  EXPECT_EQ(result_of(asked), "42");
}

TEST_F(Queries, ACallerWaitsAsLongAsItSaid) {
  start_idle("w");
  auto asked = query("w", seconds(10));
  rig.advance(seconds(9));
  EXPECT_FALSE(asked->answered());
  rig.advance(seconds(1));
  ASSERT_TRUE(asked->answered());
  EXPECT_EQ(asked->status->code(), Code::kDeadlineExceeded);
  EXPECT_EQ(asked->status->message(), "query timed out before a worker could process it");
  auto next = rig.poll_workflow();
  EXPECT_FALSE(next->answered()) << "nobody waits for its answer";
}

TEST_F(Queries, ACallerThatGoesIsForgotten) {
  rig.start("w");
  auto asked = query("w");
  rig.frontend->cancel(asked->ticket);
  rig.instance->step();
  EXPECT_EQ(asked->status->code(), Code::kCancelled);
  EXPECT_THAT(rig.poll_workflow()->response.queries(), IsEmpty());
}

TEST_F(Queries, AClosedRunAnswersUnlessItsCallerDoesNotWantThat) {
  rig.start("w");
  ASSERT_TRUE(rig.complete(rig.poll_workflow()->response.task_token(), {complete_workflow("1")})->ok());
  auto rejected = query_unless("w", enums::QUERY_REJECT_CONDITION_NOT_OPEN);
  ASSERT_TRUE(rejected->ok());
  EXPECT_EQ(rejected->response.query_rejected().status(), enums::WORKFLOW_EXECUTION_STATUS_COMPLETED);
  EXPECT_EQ(rejected->response.link().workflow().reason(), "Query rejected");
  auto asked = query_unless("w", enums::QUERY_REJECT_CONDITION_NOT_COMPLETED_CLEANLY);
  auto task = rig.poll_workflow();
  ASSERT_TRUE(task->ok());
  EXPECT_EQ(task->response.history().events_size(), 5);
  ASSERT_TRUE(answer(task->response.task_token(), "42")->ok());
  EXPECT_EQ(result_of(asked), "42");
}

TEST_F(Queries, ARunThatClosedBeforeItRanHasNoAnswer) {
  rig.start("w");
  auto waiting = query("w");
  wire::TerminateWorkflowExecutionRequest request;
  request.set_namespace_("default");
  request.mutable_workflow_execution()->set_workflow_id("w");
  ASSERT_TRUE(
      rig.call<wire::TerminateWorkflowExecutionResponse>("TerminateWorkflowExecution", request)->ok());
  for (const QueryPointer& asked : {waiting, query("w")}) {
    ASSERT_TRUE(asked->answered());
    EXPECT_EQ(asked->status->code(), Code::kFailedPrecondition);
    EXPECT_EQ(asked->status->message(), "Workflow execution closed before WorkflowTaskStarted event");
  }
  EXPECT_EQ(query_unless("w", enums::QUERY_REJECT_CONDITION_NOT_COMPLETED_CLEANLY)
                ->response.query_rejected()
                .status(),
            enums::WORKFLOW_EXECUTION_STATUS_TERMINATED);
}

TEST_F(Queries, ABufferedQueryOfARunThatIsTerminatedIsAskedDirectly) {
  start_idle("w");
  ASSERT_TRUE(rig.signal("w", "go")->ok());
  auto asked = query("w");
  wire::TerminateWorkflowExecutionRequest request;
  request.set_namespace_("default");
  request.mutable_workflow_execution()->set_workflow_id("w");
  ASSERT_TRUE(
      rig.call<wire::TerminateWorkflowExecutionResponse>("TerminateWorkflowExecution", request)->ok());
  auto task = rig.poll_workflow();
  ASSERT_TRUE(task->ok());
  EXPECT_TRUE(task->response.has_query());
}

TEST_F(Queries, ARunWhoseWorkflowTasksFailIsNotReady) {
  rig.start("w");
  for (int i = 0; i < 2; ++i) {
    wire::RespondWorkflowTaskFailedRequest failed;
    failed.set_task_token(rig.poll_workflow()->response.task_token());
    ASSERT_TRUE(rig.call<wire::RespondWorkflowTaskFailedResponse>("RespondWorkflowTaskFailed", failed)->ok());
  }
  auto asked = query("w");
  ASSERT_TRUE(asked->answered());
  EXPECT_EQ(asked->status->message(), "Unable to query workflow due to Workflow Task in failed state.");
}

TEST_F(Queries, AStartThatIsLaterThanItsCallerWaitsIsNotWaitedFor) {
  auto request = Rig::start_request("w");
  request.mutable_workflow_start_delay()->set_seconds(60);
  ASSERT_TRUE(rig.call<wire::StartWorkflowExecutionResponse>("StartWorkflowExecution", request)->ok());
  EXPECT_EQ(query("w", seconds(10))->status->message(), "Workflow task is not scheduled yet.");
  auto asked = query("w", seconds(90));
  EXPECT_FALSE(asked->answered());
  rig.advance(seconds(61));
  EXPECT_EQ(rig.poll_workflow()->response.queries().size(), 1U);
}

TEST_F(Queries, BadRequestsAreRefusedByName) {
  EXPECT_EQ(query("nobody")->status->code(), Code::kNotFound);
  auto request = query_request("w");
  request.mutable_query()->clear_query_type();
  const auto status = [&] {
    return *rig.call<wire::QueryWorkflowResponse>("QueryWorkflow", request)->status;
  };
  EXPECT_EQ(status().message(), "QueryType is not set on request.");
  request.clear_query();
  EXPECT_EQ(status().message(), "WorkflowQuery is not set on request.");
  request.clear_execution();
  EXPECT_EQ(status().code(), Code::kInvalidArgument);
}

TEST_F(Queries, AQueryIsAnsweredOnlyFromWhatIsDurable) {
  start_idle("w");
  rig.storage->hold = true;
  auto poll = rig.poll_workflow();
  wire::TerminateWorkflowExecutionRequest request;
  request.set_namespace_("default");
  request.mutable_workflow_execution()->set_workflow_id("w");
  rig.post<wire::TerminateWorkflowExecutionResponse>("TerminateWorkflowExecution", request);
  auto asked = query("w");
  EXPECT_FALSE(poll->answered());
  rig.storage->hold = false;
  rig.storage->let_go();
  rig.instance->step();
  ASSERT_TRUE(poll->ok());
  EXPECT_EQ(poll->response.history().events_size(), 6);
}

TEST_F(Queries, WithTheServiceTheirCallersAreAnswered) {
  start_idle("w");
  auto direct = query("w");
  rig.start("v");
  auto buffered = query("v");
  ASSERT_TRUE(rig.instance->stop().ok());
  EXPECT_EQ(direct->status->code(), Code::kUnavailable);
  EXPECT_EQ(buffered->status->code(), Code::kUnavailable);
}

TEST_F(Queries, StickinessCanBeResetByHand) {
  start_idle("w", kSticky);
  wire::ResetStickyTaskQueueRequest request;
  request.set_namespace_("default");
  request.mutable_execution()->set_workflow_id("w");
  ASSERT_TRUE(rig.call<wire::ResetStickyTaskQueueResponse>("ResetStickyTaskQueue", request)->ok());
  ASSERT_TRUE(rig.signal("w", "go")->ok());
  auto task = rig.poll_workflow();
  ASSERT_TRUE(task->ok());
  EXPECT_GT(task->response.history().events_size(), 5);
}

}  // namespace
}  // namespace perdure::testing
