#include "server/health_service.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>
#include <grpcpp/support/slice.h>

#include <utility>

#include "server/wire_bytes.h"
#include "server/wire_status.h"

namespace perdure::server {
namespace {

using google::protobuf::internal::WireFormatLite;
using grpc::ByteBuffer;

// HealthCheckResponse.ServingStatus
constexpr int kServing = 1;
constexpr int kNotServing = 2;
constexpr int kServiceUnknown = 3;

grpc::Status to_grpc(const Status& status) {
  const WireStatus wire = to_wire(status);
  return grpc::Status(static_cast<grpc::StatusCode>(wire.code), wire.message, wire.details);
}

// HealthCheckRequest {string service = 1;}
Status read_service(const ByteBuffer* request, std::string* service) {
  std::string bytes;
  if (Status status = read_bytes(const_cast<ByteBuffer*>(request), &bytes); !status.ok()) {
    return status;
  }
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                            static_cast<int>(bytes.size()));
  constexpr std::uint32_t kService = 1 << 3 | WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
  while (const std::uint32_t tag = in.ReadTag()) {
    const bool read =
        tag == kService ? WireFormatLite::ReadString(&in, service) : WireFormatLite::SkipField(&in, tag);
    if (!read) {
      return internal_error(
          "grpc: error unmarshalling request: proto: cannot parse invalid wire-format data");
    }
  }
  return {};
}

// HealthCheckResponse {ServingStatus status = 1;}
ByteBuffer response(int status) {
  const char bytes[] = {1 << 3, static_cast<char>(status)};
  const grpc::Slice slice(bytes, sizeof bytes);
  return ByteBuffer(&slice, 1);
}

}  // namespace

// A client that wants to be told of changes: the state now, and its end when the server stops.
class HealthWatch final : public grpc::ServerWriteReactor<ByteBuffer> {
 public:
  HealthWatch(HealthService& health, const ByteBuffer* request) : health_(health) {
    std::string service;
    if (Status status = read_service(request, &service); !status.ok()) {
      Finish(to_grpc(status));
      return;
    }
    const std::lock_guard lock(health_.mutex_);
    health_.watches_.insert(this);
    response_ = response(health_.status_of(service));
    StartWrite(&response_);
    stopping_ = !health_.serving_;
  }

  // With the service's mutex held.
  void stop() {
    stopping_ = true;
    end_if_idle();
  }

  void OnWriteDone(bool) override {
    const std::lock_guard lock(health_.mutex_);
    writing_ = false;
    end_if_idle();
  }
  void OnCancel() override {
    const std::lock_guard lock(health_.mutex_);
    stop();
  }
  void OnDone() override {
    {
      const std::lock_guard lock(health_.mutex_);
      health_.watches_.erase(this);
    }
    delete this;
  }

 private:
  void end_if_idle() {
    if (stopping_ && !writing_ && !std::exchange(ended_, true)) {
      Finish(grpc::Status(grpc::StatusCode::UNAVAILABLE, "the server stops"));
    }
  }

  HealthService& health_;
  ByteBuffer response_;
  bool writing_ = true;
  bool stopping_ = false;
  bool ended_ = false;
};

HealthService::HealthService(std::set<std::string> services) : services_(std::move(services)) {
  using grpc::internal::RpcMethod;
  using grpc::internal::RpcServiceMethod;
  AddMethod(new RpcServiceMethod("/grpc.health.v1.Health/Check", RpcMethod::NORMAL_RPC, nullptr));
  AddMethod(new RpcServiceMethod("/grpc.health.v1.Health/Watch", RpcMethod::SERVER_STREAMING, nullptr));
  MarkMethodRawCallback(
      0, new grpc::internal::CallbackUnaryHandler<ByteBuffer, ByteBuffer>(
             [this](grpc::CallbackServerContext* context, const ByteBuffer* request, ByteBuffer* out) {
               auto* reactor = context->DefaultReactor();
               std::string service;
               if (Status status = read_service(request, &service); !status.ok()) {
                 reactor->Finish(to_grpc(status));
                 return reactor;
               }
               const std::lock_guard lock(mutex_);
               const int status = status_of(service);
               *out = response(status);
               reactor->Finish(status == kServiceUnknown
                                   ? grpc::Status(grpc::StatusCode::NOT_FOUND, "unknown service")
                                   : grpc::Status::OK);
               return reactor;
             }));
  MarkMethodRawCallback(1, new grpc::internal::CallbackServerStreamingHandler<ByteBuffer, ByteBuffer>(
                               [this](grpc::CallbackServerContext*, const ByteBuffer* request) {
                                 return new HealthWatch(*this, request);
                               }));
}

int HealthService::status_of(const std::string& service) const {
  if (!services_.contains(service)) {
    return kServiceUnknown;
  }
  return serving_ ? kServing : kNotServing;
}

void HealthService::stop() {
  const std::lock_guard lock(mutex_);
  serving_ = false;
  for (HealthWatch* watch : watches_) {
    watch->stop();
  }
}

}  // namespace perdure::server
