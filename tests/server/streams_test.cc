// Streams that are open when the server ends.
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "server/limits.h"
#include "tests/server/fixture.h"

namespace perdure::server::testing {
namespace {

constexpr const char* kReflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
constexpr const char* kWatch = "/grpc.health.v1.Health/Watch";

// A stream that stays open, one step after the other.
class OpenStream {
 public:
  OpenStream(const Served& served, const std::string& path) : stub_(served.channel) {
    stream_ = stub_.PrepareCall(&context_, path, &queue_);
    stream_->StartCall(nullptr);
    step();
  }
  // The stream is open once it was answered.
  bool ask(const std::string& question) {
    stream_->Write(to_bytes(question), nullptr);
    step();
    grpc::ByteBuffer answer;
    stream_->Read(&answer, nullptr);
    return step();
  }
  // What the server ends it with.
  grpc::Status wait() {
    grpc::ByteBuffer more;
    do {
      stream_->Read(&more, nullptr);
    } while (step());
    grpc::Status status;
    stream_->Finish(&status, nullptr);
    step();
    return status;
  }

 private:
  bool step() {
    void* tag = nullptr;
    bool ok = false;
    EXPECT_TRUE(queue_.Next(&tag, &ok));
    return ok;
  }

  grpc::GenericStub stub_;
  grpc::CompletionQueue queue_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
};

const std::string kListServices("\x3a\x00", 2);

TEST(OpenStreams, EndAtOnceWhenTheServerEnds) {
  Served served;
  OpenStream reflection(served, kReflection);
  OpenStream watch(served, kWatch);
  ASSERT_TRUE(reflection.ask(kListServices));
  ASSERT_TRUE(watch.ask(""));
  const auto begin = std::chrono::steady_clock::now();
  served.server->drain(std::chrono::minutes(5));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::minutes(4));
  for (OpenStream* stream : {&reflection, &watch}) {
    const grpc::Status status = stream->wait();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
    EXPECT_EQ(status.error_message(), "the server stops");
  }
}

TEST(OpenStreams, OnlySoManyAskForReflection) {
  Served served;
  std::vector<std::unique_ptr<OpenStream>> streams;
  for (std::size_t i = 0; i < limits::kReflectionStreams; ++i) {
    streams.push_back(std::make_unique<OpenStream>(served, kReflection));
    ASSERT_TRUE(streams.back()->ask(kListServices));
  }
  OpenStream one_more(served, kReflection);
  EXPECT_EQ(one_more.wait().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(streams.front()->ask(kListServices));
  served.server->drain(std::chrono::seconds(60));
  for (const auto& stream : streams) {
    stream->wait();
  }
}

}  // namespace
}  // namespace perdure::server::testing
