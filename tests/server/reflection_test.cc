// Tools that know nothing of Temporal ask the server what it has.
#include <gmock/gmock.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/server/fixture.h"

namespace perdure::server::testing {
namespace {

using ::testing::HasSubstr;

const std::string kListServices("\x3a\x00", 2);  // list_services = 7: ""

// One field of a ServerReflectionRequest.
std::string question(int field, const std::string& argument) {
  return std::string(1, static_cast<char>(field << 3 | 2)) +
         std::string(1, static_cast<char>(argument.size())) + argument;
}

// One question of grpc.reflection and its answer, both as bytes.
std::string ask(const Served& served, const std::string& question, const std::string& version = "v1") {
  grpc::GenericStub stub(served.channel);
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  auto stream = stub.PrepareCall(
      &context, "/grpc.reflection." + version + ".ServerReflection/ServerReflectionInfo", &queue);
  void* tag = nullptr;
  bool ok = false;
  const auto finish = [&] { EXPECT_TRUE(queue.Next(&tag, &ok) && ok); };
  stream->StartCall(nullptr);
  finish();
  stream->WriteLast(to_bytes(question), grpc::WriteOptions(), nullptr);
  finish();
  grpc::ByteBuffer answer;
  stream->Read(&answer, nullptr);
  finish();
  grpc::Status status;
  stream->Finish(&status, nullptr);
  finish();
  EXPECT_TRUE(status.ok()) << status.error_message();
  return to_string(answer);
}

TEST(Reflection, ServicesAreListed) {
  const Served served;
  for (const char* version : {"v1", "v1alpha"}) {
    const std::string answer = ask(served, kListServices, version);
    for (const char* service :
         {kWorkflowService, "temporal.api.operatorservice.v1.OperatorService", "grpc.health.v1.Health",
          "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"}) {
      EXPECT_NE(answer.find(service), std::string::npos) << service;
    }
  }
}

TEST(Reflection, AServiceIsDescribedByItsFile) {
  const Served served;
  const std::string answer = ask(served, question(4, kWorkflowService));  // file_containing_symbol
  EXPECT_THAT(answer, HasSubstr("temporal/api/workflowservice/v1/service.proto"));
  EXPECT_THAT(answer, HasSubstr("StartWorkflowExecution"));
  EXPECT_THAT(answer, HasSubstr("google/protobuf/duration.proto"));  // what it imports, too
}

TEST(Reflection, AFileIsFoundByItsName) {
  const Served served;
  const std::string answer = ask(served, question(3, "temporal/api/common/v1/message.proto"));
  EXPECT_THAT(answer, HasSubstr("WorkflowExecution"));
}

TEST(Reflection, ExtensionsAreFound) {
  const Served served;
  // The numbers of google.protobuf.MethodOptions' extensions: google.api.http = 72295728 is among them.
  const std::string numbers = ask(served, question(6, "google.protobuf.MethodOptions"));
  EXPECT_THAT(numbers, HasSubstr("\xb0\xca\xbc\x22"));
  const std::string extension = "\x0a\x1dgoogle.protobuf.MethodOptions\x10\xb0\xca\xbc\x22";
  EXPECT_THAT(ask(served, question(5, extension)), HasSubstr("google/api/annotations.proto"));
}

TEST(Reflection, WhatIsNotThereIsSaid) {
  const Served served;
  EXPECT_THAT(ask(served, question(4, "no.such.Thing")), HasSubstr("symbol no.such.Thing not found"));
  EXPECT_THAT(ask(served, question(3, "no.proto")), HasSubstr("file no.proto not found"));
  EXPECT_THAT(ask(served, question(6, "no.Type")), HasSubstr("type no.Type not found"));
  EXPECT_THAT(ask(served, question(5, "")), HasSubstr("not found"));
}

TEST(Reflection, WhatIsNoQuestionIsSaid) {
  const Served served;
  for (const std::string& bytes : {std::string("\xff\xff"), std::string("\x22\x7fshort"), std::string()}) {
    EXPECT_THAT(ask(served, bytes), HasSubstr("the request "));
  }
}

}  // namespace
}  // namespace perdure::server::testing
