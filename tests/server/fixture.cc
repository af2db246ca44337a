#include "tests/server/fixture.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/support/slice.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

#include "server/address.h"
#include "storage/memory/memory_storage.h"

namespace perdure::server::testing {

grpc::ByteBuffer to_bytes(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

std::string to_string(const grpc::ByteBuffer& bytes) {
  std::vector<grpc::Slice> slices;
  std::string out;
  if (bytes.Valid() && bytes.Dump(&slices).ok()) {
    for (const grpc::Slice& slice : slices) {
      out.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    }
  }
  return out;
}

grpc::Status call_bytes(grpc::Channel& channel, const std::string& path, const std::string& request,
                        std::string* response, grpc::ClientContext* context) {
  const grpc::internal::RpcMethod method(path.c_str(), grpc::internal::RpcMethod::NORMAL_RPC);
  grpc::ByteBuffer answer;
  const grpc::Status status = grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer,
                                                                grpc::ByteBuffer, grpc::ByteBuffer>(
      &channel, method, context, to_bytes(request), &answer);
  *response = to_string(answer);
  return status;
}

grpc::Status call(grpc::Channel& channel, const std::string& method, const google::protobuf::Message& request,
                  google::protobuf::Message* response, grpc::ClientContext* context) {
  std::string bytes;
  const grpc::Status status = call_bytes(channel, std::string("/") + kWorkflowService + "/" + method,
                                         request.SerializePartialAsString(), &bytes, context);
  EXPECT_TRUE(response->ParseFromString(bytes));
  return status;
}

grpc::Status call(grpc::Channel& channel, const std::string& method, const google::protobuf::Message& request,
                  google::protobuf::Message* response) {
  grpc::ClientContext context;
  return call(channel, method, request, response, &context);
}

Served::Served(ServerOptions options) : engine(storage::open_memory_storage()) {
  if (options.address == ServerOptions().address) {
    options.address = "127.0.0.1:0";
  }
  auto started = Server::start(engine.frontend(), options);
  EXPECT_TRUE(started.ok()) << started.status().message();
  server = std::move(started).value();
  channel = connect();
}

std::shared_ptr<grpc::Channel> Served::connect() const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection of its own
  return grpc::CreateCustomChannel(server->address(), grpc::InsecureChannelCredentials(), arguments);
}

wire::StartWorkflowExecutionRequest start_request(const std::string& workflow_id) {
  wire::StartWorkflowExecutionRequest request;
  request.set_namespace_("default");
  request.set_workflow_id(workflow_id);
  request.set_request_id("request-" + workflow_id);
  request.mutable_workflow_type()->set_name("Order");
  request.mutable_task_queue()->set_name("orders");
  return request;
}

wire::PollWorkflowTaskQueueRequest poll_request() {
  wire::PollWorkflowTaskQueueRequest request;
  request.set_namespace_("default");
  request.mutable_task_queue()->set_name("orders");
  request.set_identity("test");
  return request;
}

WaitingPoll::WaitingPoll(std::shared_ptr<grpc::Channel> channel, std::chrono::seconds patience) {
  context.set_deadline(std::chrono::system_clock::now() + patience);
  done = std::async(std::launch::async, [this, channel = std::move(channel)] {
    return call(*channel, "PollWorkflowTaskQueue", poll_request(), &response, &context);
  });
}

void wait_for_polls(Served& served, std::size_t count) {
  // Every answer to another call gives the polls time to arrive: no clock is needed.
  while (served.server->open_polls() != count) {
    wire::GetSystemInfoResponse info;
    ASSERT_TRUE(call(*served.channel, "GetSystemInfo", wire::GetSystemInfoRequest(), &info).ok());
  }
}

std::string http_get(const std::string& address, const std::string& path) {
  const auto endpoint = resolve(address);
  const SocketAddress& where = endpoint->sockets.front();
  const int descriptor = socket(where.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(connect(descriptor, where.get(), where.size), 0);
  const std::string request = "GET " + path + " HTTP/1.0\r\nHost: localhost\r\n\r\n";
  EXPECT_EQ(write(descriptor, request.data(), request.size()), static_cast<ssize_t>(request.size()));
  std::string answer;
  char buffer[4096];
  for (ssize_t got = 0; (got = read(descriptor, buffer, sizeof buffer)) > 0;) {
    answer.append(buffer, static_cast<std::size_t>(got));
  }
  close(descriptor);
  return answer;
}

}  // namespace perdure::server::testing
