#include "perdure/testing/matchers.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "perdure/testing/environment.h"
#include "tests/testing/workflows.h"

namespace testing_test {
namespace {

using perdure::ActivityError;
using perdure::ApplicationError;
using perdure::TimeoutError;
using perdure::TimeoutType;
using perdure::WorkflowFailureError;
using perdure::testing::CausedBy;
using perdure::testing::FailsWith;
using perdure::testing::HasMessage;
using testing::HasSubstr;
using testing::Not;

TEST(Matchers, SayWhyAWorkflowFailed) {
  perdure::testing::Environment environment;
  perdure::Worker worker(environment.client(), {.task_queue = kQueue,
                                                .workflows = perdure::workflows<Paying>(),
                                                .activities = perdure::activities<decline>()});
  worker.start();
  const auto pay = [&] {
    environment.client().execute_workflow<Paying>("visa", {.id = "w", .task_queue = kQueue});
  };
  EXPECT_THAT(pay, FailsWith<WorkflowFailureError>());
  EXPECT_THAT(pay, FailsWith<WorkflowFailureError>(CausedBy<ActivityError>()));
  EXPECT_THAT(pay, FailsWith<WorkflowFailureError>(CausedBy<ApplicationError>("CardError")));
  EXPECT_THAT(pay, FailsWith<WorkflowFailureError>(
                       CausedBy<ApplicationError>(HasMessage(HasSubstr("no money on visa")))));
  EXPECT_THAT(pay, Not(FailsWith<WorkflowFailureError>(CausedBy<ApplicationError>("BankError"))));
  EXPECT_THAT(pay, Not(FailsWith<WorkflowFailureError>(CausedBy<TimeoutError>(TimeoutType::kHeartbeat))));
  EXPECT_THAT(pay, Not(FailsWith<ActivityError>())) << "the client is told of the workflow";
}

TEST(Matchers, ExplainWhatTheySaw) {
  const auto explain = [](const auto& matcher, const std::function<void()>& call) {
    testing::StringMatchResultListener listener;
    EXPECT_FALSE(testing::ExplainMatchResult(matcher, call, &listener));
    return listener.str();
  };
  const WorkflowFailureError failed(
      std::make_shared<const TimeoutError>("too late", TimeoutType::kHeartbeat));
  EXPECT_THAT(explain(FailsWith<WorkflowFailureError>(CausedBy<ApplicationError>("CardError")),
                      [&] { throw failed; }),
              HasSubstr("caused by \"too late\""));
  EXPECT_THAT(explain(FailsWith<WorkflowFailureError>(), [] {}), HasSubstr("throws nothing"));
  EXPECT_THAT(explain(FailsWith<WorkflowFailureError>(), [] { throw std::runtime_error("other"); }),
              HasSubstr("throws another exception: other"));
}

}  // namespace
}  // namespace testing_test
