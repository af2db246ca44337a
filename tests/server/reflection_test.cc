// Tools that know nothing of Temporal ask the server what it has.
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/server/fixture.h"

namespace perdure::server::testing {
namespace {

// One question of grpc.reflection.v1alpha and its answer, both as bytes.
std::string ask(const Served& served, const std::string& question) {
  grpc::GenericStub stub(served.channel);
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  auto stream =
      stub.PrepareCall(&context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
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
  const std::string answer = ask(served, std::string("\x3a\x00", 2));  // list_services = 7: ""
  for (const char* service :
       {kWorkflowService, "temporal.api.operatorservice.v1.OperatorService", "grpc.health.v1.Health"}) {
    EXPECT_NE(answer.find(service), std::string::npos) << service;
  }
}

TEST(Reflection, AServiceIsDescribedByItsFile) {
  const Served served;
  const std::string service = kWorkflowService;
  // file_containing_symbol = 4
  const std::string answer =
      ask(served, "\x22" + std::string(1, static_cast<char>(service.size())) + service);
  EXPECT_NE(answer.find("temporal/api/workflowservice/v1/service.proto"), std::string::npos);
  EXPECT_NE(answer.find("StartWorkflowExecution"), std::string::npos);
}

}  // namespace
}  // namespace perdure::server::testing
