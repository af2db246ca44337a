#pragma once
// A server on a free port over a store in memory, and calls to it without generated stubs.
#include <google/protobuf/message.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include <future>
#include <memory>
#include <string>

#include "host/engine.h"
#include "server/server.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::server::testing {

namespace wire = temporal::api::workflowservice::v1;

inline constexpr const char* kWorkflowService = "temporal.api.workflowservice.v1.WorkflowService";

grpc::ByteBuffer to_bytes(const std::string& bytes);
std::string to_string(const grpc::ByteBuffer& bytes);

// One call of PATH ("/package.Service/Method"); blocks.
grpc::Status call_bytes(grpc::Channel& channel, const std::string& path, const std::string& request,
                        std::string* response, grpc::ClientContext* context);

// One call of the workflow service; blocks.
grpc::Status call(grpc::Channel& channel, const std::string& method, const google::protobuf::Message& request,
                  google::protobuf::Message* response, grpc::ClientContext* context);
grpc::Status call(grpc::Channel& channel, const std::string& method, const google::protobuf::Message& request,
                  google::protobuf::Message* response);

struct Served {
  explicit Served(ServerOptions options = {});

  std::shared_ptr<grpc::Channel> connect() const;

  host::Engine engine;
  std::unique_ptr<Server> server;
  std::shared_ptr<grpc::Channel> channel;
};

wire::StartWorkflowExecutionRequest start_request(const std::string& workflow_id);
wire::PollWorkflowTaskQueueRequest poll_request();

// A poll in a thread of its own. `context` may be cancelled.
struct WaitingPoll {
  explicit WaitingPoll(std::shared_ptr<grpc::Channel> channel, std::chrono::seconds patience);
  // What it ended with; blocks.
  grpc::Status wait() { return done.get(); }

  grpc::ClientContext context;
  wire::PollWorkflowTaskQueueResponse response;
  std::future<grpc::Status> done;
};

// The answer, head and body, of an HTTP server at HOST:PORT.
std::string http_get(const std::string& address, const std::string& path);

// Blocks until `count` polls wait at the engine.
void wait_for_polls(Served& served, std::size_t count);

}  // namespace perdure::server::testing
