#include "server/reflection_service.h"

#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>
#include <grpcpp/support/slice.h>

#include <utility>

#include "server/limits.h"
#include "server/reflection_answers.h"
#include "server/wire_bytes.h"
#include "server/wire_status.h"

namespace perdure::server {

using grpc::ByteBuffer;

// Reads a question, writes its answer, and so on.
class ReflectionStream final : public grpc::ServerBidiReactor<ByteBuffer, ByteBuffer> {
 public:
  explicit ReflectionStream(ReflectionService& service) : service_(service) {
    const std::lock_guard lock(service_.mutex_);
    if (service_.stopping_) {
      end(server_stops());
    } else if (service_.streams_.size() >= limits::kReflectionStreams) {
      end(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                       "the server has too many reflection streams; try again later"));
    } else {
      service_.streams_.insert(this);
      StartRead(&question_);
    }
  }

  // With the service's mutex held.
  void stop() {
    if (!writing_) {
      end(server_stops());
    }
  }

  void OnReadDone(bool ok) override {
    std::string bytes;
    const Status read = ok ? read_bytes(&question_, &bytes) : Status();
    const std::string answer = ok && read.ok() ? answer_reflection(bytes, service_.services_) : "";
    const std::lock_guard lock(service_.mutex_);
    if (ended_) {
      return;
    }
    if (!ok) {
      end(grpc::Status::OK);
    } else if (!read.ok()) {
      const WireStatus wire = to_wire(read);
      end(grpc::Status(static_cast<grpc::StatusCode>(wire.code), wire.message, wire.details));
    } else {
      const grpc::Slice slice(answer);
      answer_ = ByteBuffer(&slice, 1);
      writing_ = true;
      StartWrite(&answer_);
    }
  }
  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(service_.mutex_);
    writing_ = false;
    if (!ok || service_.stopping_) {
      end(server_stops());
    } else {
      answer_.Clear();
      StartRead(&question_);
    }
  }
  void OnDone() override {
    {
      const std::lock_guard lock(service_.mutex_);
      service_.streams_.erase(this);
    }
    delete this;
  }

 private:
  static grpc::Status server_stops() {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "the server stops");
  }
  void end(const grpc::Status& status) {
    if (!std::exchange(ended_, true)) {
      Finish(status);
    }
  }

  ReflectionService& service_;
  ByteBuffer question_;
  ByteBuffer answer_;
  bool writing_ = false;  // guarded by the service's mutex, as what follows
  bool ended_ = false;
};

namespace {

// One version of the protocol.
class Version final : public grpc::Service {
 public:
  Version(ReflectionService& service, const std::string& name) : path_("/" + name + "/ServerReflectionInfo") {
    AddMethod(new grpc::internal::RpcServiceMethod(path_.c_str(), grpc::internal::RpcMethod::BIDI_STREAMING,
                                                   nullptr));
    MarkMethodRawCallback(
        0, new grpc::internal::CallbackBidiHandler<ByteBuffer, ByteBuffer>(
               [&service](grpc::CallbackServerContext*) { return new ReflectionStream(service); }));
  }

 private:
  const std::string path_;  // gRPC keeps a pointer to it
};

}  // namespace

ReflectionService::ReflectionService(std::vector<std::string> services) : services_(std::move(services)) {
  for (const char* version : {"v1", "v1alpha"}) {
    const std::string name = std::string("grpc.reflection.") + version + ".ServerReflection";
    services_.push_back(name);
    versions_.push_back(std::make_unique<Version>(*this, name));
  }
}

std::vector<grpc::Service*> ReflectionService::versions() const {
  std::vector<grpc::Service*> all;
  for (const auto& version : versions_) {
    all.push_back(version.get());
  }
  return all;
}

void ReflectionService::stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  for (ReflectionStream* stream : streams_) {
    stream->stop();
  }
}

}  // namespace perdure::server
