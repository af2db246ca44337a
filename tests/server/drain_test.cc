// How a server ends.
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tests/server/fixture.h"

namespace perdure::server::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Drain, WaitingPollsAreAnsweredWithNothing) {
  Served served;
  std::vector<std::unique_ptr<WaitingPoll>> polls;
  for (int i = 0; i < 20; ++i) {
    polls.push_back(std::make_unique<WaitingPoll>(served.channel, seconds(50)));
  }
  wait_for_polls(served, polls.size());
  served.server->drain(seconds(30));
  for (auto& poll : polls) {
    const auto status = poll->wait();
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_TRUE(poll->response.task_token().empty());
  }
}

TEST(Drain, NobodyIsServedAfterwards) {
  Served served;
  served.server->drain(seconds(1));
  grpc::ClientContext context;
  wire::GetSystemInfoResponse response;
  const auto status =
      call(*served.connect(), "GetSystemInfo", wire::GetSystemInfoRequest(), &response, &context);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST(Drain, ThePortIsFreeAfterwards) {
  Served first;
  first.server->drain(seconds(1));
  ServerOptions options;
  options.address = first.server->address();
  Served second(options);
  EXPECT_EQ(second.server->address(), first.server->address());
}

TEST(Drain, TheEngineGoesOnAndCanBeServedAgain) {
  Served served;
  wire::StartWorkflowExecutionResponse started;
  ASSERT_TRUE(call(*served.channel, "StartWorkflowExecution", start_request("w"), &started).ok());
  served.server->drain(seconds(1));
  auto again = Server::start(served.engine.frontend(), {.address = "127.0.0.1:0"});
  ASSERT_TRUE(again.ok());
  served.server = std::move(again).value();
  wire::DescribeWorkflowExecutionRequest request;
  request.set_namespace_("default");
  request.mutable_execution()->set_workflow_id("w");
  wire::DescribeWorkflowExecutionResponse described;
  EXPECT_TRUE(call(*served.connect(), "DescribeWorkflowExecution", request, &described).ok());
}

TEST(Drain, WithoutGraceCallsAreCutOff) {
  Served served;
  WaitingPoll poll(served.channel, seconds(50));
  wait_for_polls(served, 1);
  served.server->drain(milliseconds(0));
  poll.wait();  // whichever way: it ended
  EXPECT_EQ(served.server->open_polls(), 0U);
}

TEST(Start, AnAddressThatIsInUseIsRefused) {
  Served first;
  const auto second = Server::start(first.engine.frontend(), {.address = first.server->address()});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), Code::kUnavailable);
  EXPECT_EQ(second.status().message(),
            first.server->address() + " is in use by another program; stop it, or choose another port");
}

TEST(Start, APublicAddressNeedsTlsOrAPermission) {
  Served served;
  const auto refused = Server::start(served.engine.frontend(), {.address = "0.0.0.0:0"});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status().code(), Code::kFailedPrecondition);
  EXPECT_NE(refused.status().message().find("--insecure"), std::string::npos);
}

TEST(Start, AnAddressOfAnotherMachineIsRefused) {
  Served served;
  const auto refused = Server::start(served.engine.frontend(), {.address = "192.0.2.1:0", .insecure = true});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status().message(), "192.0.2.1:0 is not an address of this machine");
}

}  // namespace
}  // namespace perdure::server::testing
