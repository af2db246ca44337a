#include "tests/client_grpc/test_server.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <mutex>
#include <utility>
#include <vector>

#include "base/check.h"
#include "temporal/api/errordetails/v1/message.pb.h"

namespace client_grpc_test {
namespace {

std::string to_string(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (buffer.Dump(&slices).ok()) {
    for (const grpc::Slice& slice : slices) {
      bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    }
  }
  return bytes;
}

// Lives as long as gRPC or the handler needs it.
class Reactor final : public grpc::ServerGenericBidiReactor,
                      public ServedCall,
                      public std::enable_shared_from_this<Reactor> {
 public:
  static Reactor* start(grpc::GenericCallbackServerContext* context, const Handler& handler) {
    const auto reactor = std::make_shared<Reactor>(context, handler);
    reactor->self_ = reactor;
    reactor->StartRead(&reactor->buffer_);
    return reactor.get();
  }
  Reactor(grpc::GenericCallbackServerContext* context, const Handler& handler)
      : handler_(handler), method_(context->method().substr(context->method().rfind('/') + 1)) {
    for (const auto& [name, value] : context->client_metadata()) {
      metadata_.emplace(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
    }
    const auto left = context->deadline() - std::chrono::system_clock::now();
    if (left < std::chrono::hours(24)) {
      timeout_ = std::chrono::duration_cast<Duration>(left);
    }
  }

  const std::string& method() const override { return method_; }
  const std::string& request() const override { return request_; }
  const std::map<std::string, std::string>& metadata() const override { return metadata_; }
  std::optional<Duration> timeout() const override { return timeout_; }
  void answer(const grpc::Status& status, const std::string& response) override {
    const std::lock_guard lock(mutex_);
    if (std::exchange(finished_, true)) {
      return;
    }
    if (status.ok()) {
      const grpc::Slice slice(response);
      buffer_ = grpc::ByteBuffer(&slice, 1);
      StartWriteAndFinish(&buffer_, {}, status);
    } else {
      Finish(status);
    }
  }
  void on_cancel(std::function<void()> cancelled) override {
    std::unique_lock lock(mutex_);
    if (!is_cancelled_) {
      cancelled_ = std::move(cancelled);
      return;
    }
    lock.unlock();
    cancelled();
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      answer(grpc::Status::CANCELLED, "");
      return;
    }
    request_ = to_string(buffer_);
    handler_(shared_from_this());
  }
  void OnCancel() override {
    std::function<void()> cancelled;
    {
      const std::lock_guard lock(mutex_);
      is_cancelled_ = true;
      cancelled = std::exchange(cancelled_, nullptr);
    }
    if (cancelled) {
      cancelled();
    }
    answer(grpc::Status::CANCELLED, "");
  }
  void OnDone() override { self_.reset(); }

 private:
  const Handler& handler_;
  const std::string method_;
  std::string request_;
  std::map<std::string, std::string> metadata_;
  std::optional<Duration> timeout_;
  grpc::ByteBuffer buffer_;
  std::shared_ptr<Reactor> self_;  // until gRPC is done with it
  std::mutex mutex_;
  bool finished_ = false;
  bool is_cancelled_ = false;
  std::function<void()> cancelled_;
};

}  // namespace

class TestServer::Service final : public grpc::CallbackGenericService {
 public:
  explicit Service(client_grpc_test::Handler handler) : handler_(std::move(handler)) {}
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    return Reactor::start(context, handler_);
  }

 private:
  const client_grpc_test::Handler handler_;
};

TestServer::TestServer(Handler handler, std::shared_ptr<grpc::ServerCredentials> credentials,
                       const std::string& address)
    : service_(std::make_unique<Service>(std::move(handler))) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address.empty() ? "127.0.0.1:0" : address, std::move(credentials), &port_);
  builder.RegisterCallbackGenericService(service_.get());
  builder.SetMaxReceiveMessageSize(-1);
  server_ = builder.BuildAndStart();
  perdure::check(server_ != nullptr && port_ != 0, "the test's server has a port");
}

TestServer::~TestServer() {
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
}

grpc::Status to_wire(const Status& status) {
  if (status.ok()) {
    return grpc::Status::OK;
  }
  const auto code = static_cast<grpc::StatusCode>(status.code());
  if (status.detail_type().empty()) {
    return grpc::Status(code, status.message());
  }
  // The fields of google.rpc.Status.
  temporal::api::errordetails::v1::MultiOperationExecutionFailure::OperationStatus details;
  details.set_code(static_cast<int>(status.code()));
  details.set_message(status.message());
  auto* detail = details.add_details();
  detail->set_type_url("type.googleapis.com/" + status.detail_type());
  detail->set_value(status.detail());
  return grpc::Status(code, status.message(), details.SerializeAsString());
}

}  // namespace client_grpc_test
