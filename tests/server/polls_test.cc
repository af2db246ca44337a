// Long polls: what ends them.
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tests/server/fixture.h"

namespace perdure::server::testing {
namespace {

using std::chrono::seconds;

TEST(ServedPolls, APollIsAnsweredByATask) {
  Served served;
  WaitingPoll poll(served.channel, seconds(30));
  wait_for_polls(served, 1);
  wire::StartWorkflowExecutionResponse started;
  ASSERT_TRUE(call(*served.connect(), "StartWorkflowExecution", start_request("w"), &started).ok());
  ASSERT_TRUE(poll.wait().ok());
  EXPECT_EQ(poll.response.workflow_execution().workflow_id(), "w");
  EXPECT_EQ(served.server->open_polls(), 0U);
}

TEST(ServedPolls, ACancelledPollTakesNoTask) {
  Served served;
  WaitingPoll poll(served.channel, seconds(30));
  wait_for_polls(served, 1);
  poll.context.TryCancel();
  EXPECT_EQ(poll.wait().error_code(), grpc::StatusCode::CANCELLED);
  wait_for_polls(served, 0);
  wire::StartWorkflowExecutionResponse started;
  ASSERT_TRUE(call(*served.channel, "StartWorkflowExecution", start_request("w"), &started).ok());
  WaitingPoll next(served.channel, seconds(30));
  ASSERT_TRUE(next.wait().ok());
  EXPECT_EQ(next.response.workflow_execution().workflow_id(), "w");
}

TEST(ServedPolls, APollAnswersEmptyBeforeItsDeadline) {
  Served served;
  WaitingPoll poll(served.channel, seconds(3));
  const auto status = poll.wait();
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(poll.response.task_token().empty());
}

TEST(ServedPolls, ADeadlineThatIsTooShortIsRefused) {
  Served served;
  WaitingPoll poll(served.channel, seconds(1));
  const auto status = poll.wait();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(status.error_message(), "Context timeout is too short.");
}

TEST(ServedPolls, AConnectionThatBreaksTakesItsPollsAlong) {
  Served served;
  {
    auto channel = served.connect();
    std::vector<std::unique_ptr<WaitingPoll>> polls;
    for (int i = 0; i < 5; ++i) {
      polls.push_back(std::make_unique<WaitingPoll>(channel, seconds(30)));
    }
    wait_for_polls(served, 5);
    for (auto& poll : polls) {
      poll->context.TryCancel();
    }
  }
  wait_for_polls(served, 0);
}

}  // namespace
}  // namespace perdure::server::testing
