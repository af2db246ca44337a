// Requests and answers over the wire.
#include <google/protobuf/descriptor.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include "src/server/limits.h"
#include "temporal/api/errordetails/v1/message.pb.h"
#include "tests/server/fixture.h"

namespace perdure::server::testing {
namespace {

TEST(Calls, AWorkflowIsStartedAndDescribed) {
  Served served;
  wire::StartWorkflowExecutionResponse started;
  ASSERT_TRUE(call(*served.channel, "StartWorkflowExecution", start_request("w"), &started).ok());
  EXPECT_FALSE(started.run_id().empty());
  wire::DescribeWorkflowExecutionRequest request;
  request.set_namespace_("default");
  request.mutable_execution()->set_workflow_id("w");
  wire::DescribeWorkflowExecutionResponse described;
  ASSERT_TRUE(call(*served.channel, "DescribeWorkflowExecution", request, &described).ok());
  EXPECT_EQ(described.workflow_execution_info().execution().run_id(), started.run_id());
}

TEST(Calls, CompressedRequestsAreRead) {
  Served served;
  for (const auto algorithm : {GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE}) {
    grpc::ClientContext context;
    context.set_compression_algorithm(algorithm);
    auto request = start_request("w" + std::to_string(algorithm));
    request.set_identity(std::string(900, 'x'));
    wire::StartWorkflowExecutionResponse started;
    const auto status = call(*served.channel, "StartWorkflowExecution", request, &started, &context);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_FALSE(started.run_id().empty());
  }
}

TEST(Calls, AnErrorHasItsCodeTextAndDetail) {
  Served served;
  wire::StartWorkflowExecutionResponse started;
  ASSERT_TRUE(call(*served.channel, "StartWorkflowExecution", start_request("w"), &started).ok());
  auto again = start_request("w");
  again.set_request_id("another");
  wire::StartWorkflowExecutionResponse response;
  const auto status = call(*served.channel, "StartWorkflowExecution", again, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_NE(status.error_details().find("type.googleapis.com/temporal.api.errordetails.v1."
                                        "WorkflowExecutionAlreadyStartedFailure"),
            std::string::npos);
  EXPECT_NE(status.error_details().find(started.run_id()), std::string::npos);
}

TEST(Calls, EveryMethodOfTheApiIsKnown) {
  Served served;
  const auto* pool = google::protobuf::DescriptorPool::generated_pool();
  for (const char* name : {kWorkflowService, "temporal.api.operatorservice.v1.OperatorService"}) {
    const auto* service = pool->FindServiceByName(name);
    for (int i = 0; i < service->method_count(); ++i) {
      grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
      std::string response;
      const std::string method = service->method(i)->name();
      const auto status =
          call_bytes(*served.channel, "/" + std::string(name) + "/" + method, "", &response, &context);
      EXPECT_NE(status.error_code(), grpc::StatusCode::INTERNAL) << method << ": " << status.error_message();
      if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED) {
        EXPECT_NE(status.error_message().find(method), std::string::npos);
      }
    }
  }
}

TEST(Calls, WhatIsNotThereIsUnimplementedByName) {
  Served served;
  const std::pair<const char*, const char*> cases[] = {
      {"/temporal.api.workflowservice.v1.WorkflowService/Fly",
       "unknown method Fly for service temporal.api.workflowservice.v1.WorkflowService"},
      {"/air.v1.Plane/Fly", "unknown service air.v1.Plane"},
  };
  for (const auto& [path, text] : cases) {
    grpc::ClientContext context;
    std::string response;
    const auto status = call_bytes(*served.channel, path, "", &response, &context);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
    EXPECT_EQ(status.error_message(), text);
  }
}

TEST(Calls, HealthIsServedAlsoToClientsThatCompress) {
  Served served;
  const std::string path = "/grpc.health.v1.Health/Check";
  for (const std::string service : {"", kWorkflowService}) {
    grpc::ClientContext context;
    context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
    std::string response;
    const std::string request =
        service.empty() ? "" : "\x0a" + std::string(1, char(service.size())) + service;
    ASSERT_TRUE(call_bytes(*served.channel, path, request, &response, &context).ok());
    EXPECT_EQ(response, "\x08\x01") << service;
  }
  grpc::ClientContext context;
  std::string response;
  const auto status = call_bytes(*served.channel, path, "\x0a\x03xyz", &response, &context);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST(Calls, SixtyKilobytesOfHeadersAreTaken) {
  Served served;
  for (const std::size_t size : {9'000, 20'000, 60'000}) {
    for (int again = 0; again < 20; ++again) {
      grpc::ClientContext context;
      context.AddMetadata("authorization", "Bearer " + std::string(size, 'x'));
      wire::GetSystemInfoResponse response;
      const auto status =
          call(*served.channel, "GetSystemInfo", wire::GetSystemInfoRequest(), &response, &context);
      ASSERT_TRUE(status.ok()) << size << ": " << status.error_message();
    }
  }
}

TEST(Calls, MoreHeadersAreRefusedEveryTime) {
  Served served;
  for (int again = 0; again < 100; ++again) {
    const std::size_t size = 65'600 + static_cast<std::size_t>(again) * 1'000;
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + std::string(size, 'x'));
    wire::GetSystemInfoResponse response;
    const auto status =
        call(*served.channel, "GetSystemInfo", wire::GetSystemInfoRequest(), &response, &context);
    ASSERT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << status.error_message();
  }
}

}  // namespace
}  // namespace perdure::server::testing
