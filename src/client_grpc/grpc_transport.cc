#include "client_grpc/grpc_transport.h"

#include <grpcpp/client_context.h>
#include <grpcpp/impl/codegen/proto_utils.h>  // how gRPC writes and reads messages

#include <chrono>
#include <mutex>
#include <utility>

#include "client/remote.h"
#include "client_grpc/channel.h"
#include "client_grpc/wire_status.h"

namespace perdure::client_grpc {
namespace {

constexpr std::string_view kService = "/temporal.api.workflowservice.v1.WorkflowService/";

}  // namespace

struct GrpcTransport::Call {
  grpc::ClientContext context;
  std::string path;
  std::function<void(Status)> done;
};

// The calls that wait, by ticket.
class GrpcTransport::OpenCalls {
 public:
  std::uint64_t add(std::shared_ptr<Call> call) {
    const std::lock_guard lock(mutex_);
    calls_.emplace(next_, std::move(call));
    return next_++;
  }
  // Null: it is over.
  std::shared_ptr<Call> find(std::uint64_t ticket) {
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(ticket);
    return found == calls_.end() ? nullptr : found->second;
  }
  void remove(std::uint64_t ticket) {
    const std::lock_guard lock(mutex_);
    calls_.erase(ticket);
  }

 private:
  std::mutex mutex_;
  std::uint64_t next_ = 1;
  std::map<std::uint64_t, std::shared_ptr<Call>> calls_;
};

GrpcTransport::GrpcTransport(std::shared_ptr<grpc::Channel> channel,
                             std::map<std::string, std::string> metadata)
    : stub_(std::move(channel)), metadata_(std::move(metadata)), open_calls_(std::make_shared<OpenCalls>()) {}

GrpcTransport::~GrpcTransport() = default;

std::uint64_t GrpcTransport::call(std::string_view method, const google::protobuf::Message& request,
                                  google::protobuf::Message* response, std::optional<Duration> timeout,
                                  std::function<void(Status)> done) {
  const auto call = std::make_shared<Call>();
  call->path = std::string(kService).append(method);
  call->done = std::move(done);
  for (const auto& [name, value] : metadata_) {
    call->context.AddMetadata(name, value);
  }
  if (timeout) {
    call->context.set_deadline(std::chrono::system_clock::now() +
                               std::chrono::duration_cast<std::chrono::system_clock::duration>(*timeout));
  }
  const std::uint64_t ticket = open_calls_->add(call);
  // `done` may be what the owner of this transport waits for, so nothing of it is used from there on.
  stub_.UnaryCall(&call->context, call->path, {}, &request, response,
                  [call, open_calls = open_calls_, ticket](const grpc::Status& status) {
                    open_calls->remove(ticket);
                    std::exchange(call->done, nullptr)(from_wire(status));
                  });
  return ticket;
}

void GrpcTransport::cancel(std::uint64_t ticket) {
  if (const auto call = open_calls_->find(ticket)) {
    call->context.TryCancel();
  }
}

}  // namespace perdure::client_grpc

namespace perdure::client {

std::unique_ptr<Transport> make_grpc_transport(const RemoteOptions& options) {
  return std::make_unique<client_grpc::GrpcTransport>(client_grpc::make_channel(options), options.metadata);
}

}  // namespace perdure::client
