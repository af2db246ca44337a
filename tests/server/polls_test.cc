// Long polls: what ends them.
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/client_grpc/tcp_proxy.h"
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

// How a poll with this deadline ends. On a machine that was busy for longer, it says nothing: again.
grpc::Status ending(const Served& served, seconds patience, wire::PollWorkflowTaskQueueResponse* response) {
  grpc::Status status;
  for (int tries = 0; tries < 10; ++tries) {
    WaitingPoll poll(served.channel, patience);
    status = poll.wait();
    *response = poll.response;
    if (status.error_code() != grpc::StatusCode::DEADLINE_EXCEEDED) {
      break;
    }
  }
  return status;
}

TEST(ServedPolls, APollAnswersEmptyBeforeItsDeadline) {
  Served served;
  wire::PollWorkflowTaskQueueResponse response;
  const auto status = ending(served, seconds(3), &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(response.task_token().empty());
}

TEST(ServedPolls, ADeadlineThatIsTooShortIsRefused) {
  Served served;
  wire::PollWorkflowTaskQueueResponse response;
  const auto status = ending(served, seconds(1), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(status.error_message(), "Context timeout is too short.");
}

TEST(ServedPolls, AConnectionThatBreaksTakesItsPollsAlong) {
  Served served;
  const std::string address = served.server->address();
  client_grpc_test::TcpProxy wire(std::stoi(address.substr(address.rfind(':') + 1)));
  const auto channel = grpc::CreateChannel(wire.address(), grpc::InsecureChannelCredentials());
  std::vector<std::unique_ptr<WaitingPoll>> polls;
  for (int i = 0; i < 5; ++i) {
    polls.push_back(std::make_unique<WaitingPoll>(channel, seconds(300)));
  }
  wait_for_polls(served, 5);
  wire.break_down();
  wait_for_polls(served, 0);
  for (auto& poll : polls) {
    EXPECT_EQ(poll->wait().error_code(), grpc::StatusCode::UNAVAILABLE);
  }
}

}  // namespace
}  // namespace perdure::server::testing
