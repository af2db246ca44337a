#pragma once
// Calls of the workflow service over one gRPC channel: one attempt each, without generated service code.
#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "client/transport.h"

namespace perdure::client_grpc {

class GrpcTransport final : public client::Transport {
 public:
  // `metadata` goes with every call.
  GrpcTransport(std::shared_ptr<grpc::Channel> channel, std::map<std::string, std::string> metadata);
  // Not while a call waits. May run on a thread of gRPC's.
  ~GrpcTransport() override;

  std::uint64_t call(std::string_view method, const google::protobuf::Message& request,
                     google::protobuf::Message* response, std::optional<Duration> timeout,
                     std::function<void(Status)> done) override;
  void cancel(std::uint64_t ticket) override;

 private:
  struct Call;
  class OpenCalls;
  using Stub = grpc::TemplatedGenericStub<google::protobuf::MessageLite, google::protobuf::MessageLite>;

  Stub stub_;
  const std::map<std::string, std::string> metadata_;
  const std::shared_ptr<OpenCalls> open_calls_;  // shared with the calls, the last of which may outlive this
};

}  // namespace perdure::client_grpc
