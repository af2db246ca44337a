// A program serves the engine that it embeds.
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <optional>

#include "perdure/error.h"
#include "perdure/server.h"
#include "tests/server/fixture.h"
#include "tests/storage/temporary_directory.h"

namespace perdure::server::testing {
namespace {

grpc::Status start_over(const EngineServer& server, const std::string& workflow_id) {
  auto channel = grpc::CreateChannel(server.address(), grpc::InsecureChannelCredentials());
  wire::StartWorkflowExecutionResponse started;
  return call(*channel, "StartWorkflowExecution", start_request(workflow_id), &started);
}

TEST(Serve, TheLiveEngineIsReachedFromOutside) {
  const storage::testing::TemporaryDirectory directory;
  const Client client = Client::connect("file:" + directory.path());
  const EngineServer server = serve(client, "127.0.0.1:0");
  ASSERT_TRUE(start_over(server, "w").ok());
  EXPECT_EQ(client.get_workflow_handle_by_name("w").describe().workflow_type, "Order");
}

TEST(Serve, TheEngineGoesOnWhenServingEnds) {
  const storage::testing::TemporaryDirectory directory;
  const Client client = Client::connect("file:" + directory.path());
  {
    const EngineServer server = serve(client, "127.0.0.1:0");
    ASSERT_TRUE(start_over(server, "w").ok());
  }
  EXPECT_EQ(client.get_workflow_handle_by_name("w").describe().task_queue, "orders");
}

TEST(Serve, TheEngineLivesAsLongAsItIsServed) {
  const storage::testing::TemporaryDirectory directory;
  std::optional<Client> client = Client::connect("file:" + directory.path());
  EngineServer server = serve(*client, "127.0.0.1:0");
  client.reset();
  EXPECT_TRUE(start_over(server, "w").ok());
  server.stop();
  const Client again = Client::connect("file:" + directory.path());  // the directory is free
  EXPECT_EQ(again.get_workflow_handle_by_name("w").describe().workflow_type, "Order");
}

TEST(Serve, AnAddressThatCannotBeIsAnOptionsError) {
  const storage::testing::TemporaryDirectory directory;
  const Client client = Client::connect("file:" + directory.path());
  EXPECT_THROW((void)serve(client, "nonsense"), OptionsError);
  EXPECT_THROW((void)serve(client, "0.0.0.0:0"), OptionsError);
}

TEST(Serve, AnAddressThatIsInUseIsAnRpcError) {
  const storage::testing::TemporaryDirectory directory;
  const Client client = Client::connect("file:" + directory.path());
  const EngineServer first = serve(client, "127.0.0.1:0");
  try {
    (void)serve(client, first.address());
    FAIL() << "it was served twice";
  } catch (const RpcError& error) {
    EXPECT_EQ(error.code(), RpcStatusCode::kUnavailable);
  }
}

TEST(Serve, MetricsAreServedWhenAskedFor) {
  const storage::testing::TemporaryDirectory directory;
  const Client client = Client::connect("file:" + directory.path());
  EXPECT_TRUE(serve(client, "127.0.0.1:0").metrics_address().empty());
  EXPECT_FALSE(serve(client, "127.0.0.1:0", {.metrics_address = "127.0.0.1:0"}).metrics_address().empty());
}

}  // namespace
}  // namespace perdure::server::testing
