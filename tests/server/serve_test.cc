// A program serves the engine that it embeds.
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include "perdure/error.h"
#include "perdure/executor.h"
#include "perdure/server.h"
#include "tests/server/fixture.h"
#include "tests/storage/temporary_directory.h"

namespace perdure::server::testing {
namespace {

using namespace std::chrono_literals;

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

// The program's loop carries out what comes from outside; while it stands still nothing is lost, and the end
// of serving answers what is under way.
TEST(Serve, AnEngineOnTheProgramsLoopIsServedThere) {
  const storage::testing::TemporaryDirectory directory;
  const auto pump = std::make_shared<Pump>();
  const Client client = Client::connect("file:" + directory.path(), {.executor = pump});
  EngineServer server = serve(client, "127.0.0.1:0", {.metrics_address = "127.0.0.1:0"});
  const auto connect = [&] {
    return grpc::CreateChannel(server.address(), grpc::InsecureChannelCredentials());
  };
  WaitingPoll worker(connect(), 30s);
  auto started = std::async(std::launch::async, [&] { return start_over(server, "w").ok(); });
  while (started.wait_for(0s) != std::future_status::ready ||
         worker.done.wait_for(0s) != std::future_status::ready) {
    pump->wait_and_run(1ms);
  }
  EXPECT_TRUE(started.get());
  EXPECT_TRUE(worker.wait().ok());
  EXPECT_EQ(worker.response.workflow_execution().workflow_id(), "w");

  WaitingPoll idle(connect(), 30s);
  while (http_get(server.metrics_address(), "/metrics").find("perdure_server_open_polls 1") ==
         std::string::npos) {
    pump->wait_and_run(1ms);
  }
  server.stop(10s);
  EXPECT_TRUE(idle.wait().ok()) << "it is answered with nothing";
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
