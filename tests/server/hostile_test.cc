// Requests that nobody should send: refused with the text that clients know, and the server goes on.
#include <arpa/inet.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <vector>

#include "base/limits.h"
#include "server/address.h"
#include "server/wire_bytes.h"
#include "temporal/api/failure/v1/message.pb.h"
#include "tests/server/fixture.h"

namespace perdure::server::testing {
namespace {

constexpr std::size_t kMost = perdure::limits::kMessage;
const std::string kStart = std::string("/") + kWorkflowService + "/StartWorkflowExecution";

void expect_alive(Served& served) {
  wire::GetSystemInfoResponse response;
  EXPECT_TRUE(call(*served.connect(), "GetSystemInfo", wire::GetSystemInfoRequest(), &response).ok());
}

grpc::Status send(Served& served, const std::string& bytes, grpc_compression_algorithm compression) {
  // A client says nothing while it compresses: on a busy machine for so long that it should be connected.
  wire::GetSystemInfoResponse connected;
  EXPECT_TRUE(call(*served.channel, "GetSystemInfo", wire::GetSystemInfoRequest(), &connected).ok());
  grpc::ClientContext context;
  context.set_compression_algorithm(compression);
  std::string response;
  return call_bytes(*served.channel, kStart, bytes, &response, &context);
}

std::string start_of_size(std::size_t size) {
  auto request = start_request("w");
  request.set_identity("");
  const std::size_t rest = request.ByteSizeLong();
  // Field 9 (identity), as many bytes as are missing: its tag and length take five.
  request.set_identity(std::string(size - rest - 5, 'x'));
  return request.SerializePartialAsString();
}

std::string varint(std::size_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) {
    out.push_back(static_cast<char>(value | 0x80));
  }
  out.push_back(static_cast<char>(value));
  return out;
}

// A Failure with `depth` causes, as field 2 of a request whose field 2 is a Failure.
std::string nested_failure(int depth) {
  std::string bytes;
  for (int i = 0; i < depth; ++i) {
    bytes = "\x22" + varint(bytes.size()) + bytes;  // cause = 4
  }
  return "\x12" + varint(bytes.size()) + bytes;
}

TEST(TooLarge, FourMebibytesAreReadAndOneByteMoreIsRefusedWithGosText) {
  Served served;
  const auto most = send(served, start_of_size(kMost), GRPC_COMPRESS_NONE);
  EXPECT_TRUE(most.ok()) << most.error_message();
  const auto more = send(served, start_of_size(kMost + 1), GRPC_COMPRESS_NONE);
  EXPECT_EQ(more.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(more.error_message(), "grpc: received message larger than max (4194305 vs. 4194304)");
}

TEST(TooLarge, TwentyMegabytesGetTheSameText) {
  Served served;
  const auto status = send(served, start_of_size(20'000'000), GRPC_COMPRESS_NONE);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(status.error_message(), "grpc: received message larger than max (20000000 vs. 4194304)");
  expect_alive(served);
}

// Not even received, so gRPC says it in its own words.
TEST(TooLarge, SeventyMegabytesAreRefusedWhileTheyArrive) {
  Served served;
  const auto status = send(served, start_of_size(70'000'000), GRPC_COMPRESS_NONE);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(status.error_message(), "Received message larger than max (70000000 vs. 67108864)");
  expect_alive(served);
}

TEST(TooLarge, WhatGrowsBeyondItWhenInflatedIsRefused) {
  Served served;
  const auto status = send(served, start_of_size(30'000'000), GRPC_COMPRESS_GZIP);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(status.error_message(), "grpc: received message after decompression larger than max 4194304");
}

TEST(Malformed, BytesThatAreNoMessageGetGosText) {
  Served served;
  for (const std::string& bytes :
       {std::string("\xff\xff\xff"), std::string("\x0a\x7fshort"), std::string("\x00\x01", 2),
        std::string("\x0b"), std::string("\x1a\x02\x0a\x7f")}) {
    const auto status = send(served, bytes, GRPC_COMPRESS_NONE);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL) << status.error_message();
    EXPECT_EQ(status.error_message(),
              "grpc: error unmarshalling request: proto: cannot parse invalid wire-format data");
  }
  expect_alive(served);
}

TEST(Malformed, TextThatIsNotUtf8GetsGosText) {
  Served served;
  const auto status = send(served, "\x0a\x02\xc3\x28", GRPC_COMPRESS_NONE);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_EQ(status.error_message(), "grpc: error unmarshalling request: string field contains invalid UTF-8");
}

TEST(Malformed, DeepNestingIsRefused) {
  Served served;
  const std::string path = std::string("/") + kWorkflowService + "/RespondActivityTaskFailed";
  for (const int depth : {88, 89, 1'000, 10'000, 100'000}) {
    grpc::ClientContext context;
    std::string response;
    const auto status = call_bytes(*served.channel, path, nested_failure(depth), &response, &context);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(status.error_message() == "the request is nested deeper than 90 messages", depth > 88)
        << depth << status.error_message();
  }
  expect_alive(served);
}

TEST(Malformed, EveryPrefixOfARequestIsAnswered) {
  Served served;
  const std::string whole = start_request("w").SerializePartialAsString();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto status = send(served, whole.substr(0, size), GRPC_COMPRESS_NONE);
    EXPECT_TRUE(status.ok() || status.error_code() == grpc::StatusCode::INTERNAL ||
                status.error_code() == grpc::StatusCode::INVALID_ARGUMENT ||
                status.error_code() == grpc::StatusCode::NOT_FOUND)
        << size << ": " << status.error_code() << " " << status.error_message();
  }
}

// Says `bytes` on a connection of its own and reads until the server closes it or answers.
std::string say(const Served& served, const std::string& bytes) {
  const auto endpoint = resolve(served.server->address());
  const SocketAddress& where = endpoint->sockets.front();
  const int descriptor = socket(where.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(connect(descriptor, where.get(), where.size), 0);
  EXPECT_EQ(write(descriptor, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  shutdown(descriptor, SHUT_WR);
  std::string answer(4096, '\0');
  const ssize_t got = read(descriptor, answer.data(), answer.size());
  close(descriptor);
  answer.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return answer;
}

TEST(Connections, WhatIsNoHttp2IsClosed) {
  Served served;
  for (const std::string& bytes :
       {std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), std::string(10'000, '\xff'),
        std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\x00\x00\x00\x00\x00\x01"),
        std::string("\x16\x03\x01\x02\x00\x01", 6), std::string()}) {
    say(served, bytes);
  }
  expect_alive(served);
}

TEST(TooLarge, InflatingStopsAtTheLimit) {
  Served served;
  const std::string forty_megabytes(40'000'000, '\0');  // forty kilobytes on the wire
  for (int again = 0; again < 3; ++again) {
    const auto status = send(served, forty_megabytes, GRPC_COMPRESS_GZIP);
    EXPECT_EQ(status.error_message(), "grpc: received message after decompression larger than max 4194304");
  }
}

}  // namespace
}  // namespace perdure::server::testing
