// What is wrong is said at the call, with what to do.
#include "tests/sdk/fixture.h"

namespace sdk_test {

int one() { return 1; }

class Idle {
 public:
  perdure::Task<> run(std::string) { co_return; }
};

class AnotherIdle {
 public:
  static constexpr std::string_view workflow_name = "Idle";
  perdure::Task<> run() { co_return; }
};

class OptionsTest : public SdkTest {
 protected:
  template <class E = perdure::OptionsError>
  std::string message_of(const std::function<void()>& call) {
    const auto error = error_of<E>(call);
    return error ? error->what() : "no error";
  }
  std::string refused(perdure::WorkerOptions options) {
    return message_of([&] { perdure::Worker worker(client(), std::move(options)); });
  }
};

TEST_F(OptionsTest, TargetsThatCannotBeAreRefused) {
  const auto connect = [&](const std::string& target) {
    return message_of([&] { perdure::Client::connect(target); });
  };
  // This program does without gRPC.
  EXPECT_THAT(connect("localhost:7233"), testing::HasSubstr("link perdure::grpc"));
  EXPECT_THAT(connect("https://x"), testing::HasSubstr("scheme"));
  EXPECT_THAT(connect("state"), testing::HasSubstr("did you mean \"file:state\""));
  EXPECT_THAT(connect("file:"), testing::HasSubstr("needs a directory"));
  EXPECT_THAT(connect(""), testing::HasSubstr("needs a target"));
}

TEST_F(OptionsTest, OptionsOfServersMeanNothingToAnEmbeddedService) {
  const auto refused = [&](perdure::ConnectOptions options) {
    return message_of([&] { perdure::Client::connect("file:" + directory_.string(), std::move(options)); });
  };
  EXPECT_THAT(refused({.tls = true}),
              testing::HasSubstr("ConnectOptions.tls is for connections to a server"));
  EXPECT_THAT(refused({.tls = perdure::TlsOptions{}}), testing::HasSubstr("ConnectOptions.tls"));
  EXPECT_THAT(refused({.api_key = "secret"}), testing::HasSubstr("ConnectOptions.api_key"));
  EXPECT_THAT(refused({.rpc_metadata = {{"a", "b"}}}), testing::HasSubstr("ConnectOptions.rpc_metadata"));
  EXPECT_THAT(refused({.lazy = true}), testing::HasSubstr("ConnectOptions.lazy"));
  EXPECT_THAT(refused({.keep_alive = std::nullopt}), testing::HasSubstr("ConnectOptions.keep_alive"));
  EXPECT_THAT(refused({.gzip = true}), testing::HasSubstr("ConnectOptions.gzip"));
  EXPECT_EQ(refused({.tls = false}), "no error");
}

TEST_F(OptionsTest, WorkersNeedAQueueAndSomethingToDo) {
  const auto idle = perdure::workflows<Idle>();
  EXPECT_THAT(refused({.workflows = idle}), testing::HasSubstr("task_queue is missing"));
  EXPECT_THAT(refused({.task_queue = "q"}), testing::HasSubstr("at least one workflow or activity"));
  EXPECT_THAT(
      refused({.task_queue = "q", .workflows = {idle, perdure::workflows<AnotherIdle>()}}),
      testing::HasSubstr(
          "two workflows are registered under the name \"Idle\" (sdk_test::Idle and sdk_test::AnotherIdle)"));
  EXPECT_THAT(
      refused({.task_queue = "q", .activities = perdure::activities<one>() + perdure::activities<one>()}),
      testing::HasSubstr(
          "two activities are registered under the name \"one\" (sdk_test::one and sdk_test::one)"));
  EXPECT_THAT(refused({.task_queue = "q", .workflows = idle, .max_concurrent_activities = 0}),
              testing::HasSubstr("max_concurrent_activities is 0"));
  EXPECT_THAT(refused({.task_queue = "q", .workflows = idle, .max_activities_per_second = -1}),
              testing::HasSubstr("max_activities_per_second is -1"));
}

TEST_F(OptionsTest, WorkflowsNeedAnIdAndAQueue) {
  const auto start = [&](perdure::WorkflowOptions options) {
    return message_of([&] { client().start_workflow<Idle>("x", options); });
  };
  EXPECT_THAT(start({.task_queue = "q"}), testing::HasSubstr("WorkflowOptions.id is missing"));
  EXPECT_THAT(start({.id = "w"}), testing::HasSubstr("WorkflowOptions.task_queue is missing"));
  EXPECT_THAT(start({.id = "w", .task_queue = "q", .run_timeout = -1s}),
              testing::HasSubstr("run_timeout cannot be negative"));
}

TEST_F(OptionsTest, WhatTheServiceRefusesIsAnRpcError) {
  const auto start = [&](std::string id, std::string argument) {
    return message_of<perdure::RpcError>(
        [&] { client().start_workflow<Idle>(argument, {.id = id, .task_queue = "q"}); });
  };
  EXPECT_THAT(start(std::string(1001, 'x'), ""),
              testing::HasSubstr("WorkflowId exceeds maximum allowed length (1001/1000)"));
  EXPECT_THAT(start("w", std::string(2 * 1024 * 1024 + 1, 'x')),
              testing::HasSubstr("Blob data size exceeds limit."));
  EXPECT_THROW(client().get_workflow_handle<Idle>("nobody").result(), perdure::WorkflowNotFoundError);
  EXPECT_THROW(client().get_workflow_handle<Idle>("nobody").cancel(), perdure::WorkflowNotFoundError);
}

}  // namespace sdk_test
