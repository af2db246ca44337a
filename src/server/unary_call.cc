#include "server/unary_call.h"

#include <fmt/format.h>
#include <grpcpp/server_context.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "server/extra_service.h"
#include "server/limits.h"
#include "server/wire_bytes.h"
#include "server/wire_status.h"

namespace perdure::server {
namespace {

constexpr std::chrono::hours kLongestTimeout{24 * 365};

// What is left of the client's patience; none: it waits for ever.
std::optional<Duration> time_left(const grpc::CallbackServerContext& context) {
  const auto deadline = context.deadline();
  if (deadline == std::chrono::system_clock::time_point::max()) {
    return std::nullopt;
  }
  return std::min<Duration>(deadline - std::chrono::system_clock::now(), kLongestTimeout);
}

Status check_metadata(const grpc::CallbackServerContext& context) {
  constexpr std::size_t kOverhead = 32;  // of an entry: RFC 9113, 6.5.2
  std::size_t size = 0;
  for (const auto& [name, value] : context.client_metadata()) {
    size += name.size() + value.size() + kOverhead;
  }
  if (size <= limits::kMetadata) {
    return {};
  }
  return Status(
      Code::kResourceExhausted,
      fmt::format("received initial metadata size exceeds limit ({} vs. {})", size, limits::kMetadata));
}

Status too_many_calls() {
  return Status(Code::kResourceExhausted, "the server has too many calls under way; try again later");
}

}  // namespace

UnaryCall* UnaryCall::begin(Calls& calls, const Method& method, grpc::CallbackServerContext* context,
                            const grpc::ByteBuffer* request, grpc::ByteBuffer* response) {
  auto* call = new UnaryCall(calls, method, context->c_call(), response);
  call->run(context, request);
  return call;
}

UnaryCall::UnaryCall(Calls& calls, const Method& method, grpc_call* call, grpc::ByteBuffer* response_bytes)
    : calls_(calls),
      method_(method),
      call_(call),
      response_bytes_(response_bytes),
      begun_(std::chrono::steady_clock::now()),
      admitted_(calls.enter()) {}

UnaryCall::~UnaryCall() {
  if (answer_) {
    calls_.answers().remove(*answer_);
  }
  calls_.leave();
}

void UnaryCall::run(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) {
  if (!admitted_) {
    finish(too_many_calls());
    return;
  }
  if (Status status = check_metadata(*context); !status.ok()) {
    finish(std::move(status));
    return;
  }
  const frontend::CallOptions options{.timeout = time_left(*context)};
  if (options.timeout && *options.timeout <= Duration::zero()) {
    finish(Status(Code::kDeadlineExceeded, "the call's deadline passed before it was read"));
    return;
  }
  response_.reset(method_.response->New());
  if (method_.may_wait) {
    is_listed_ = calls_.add_poll(this, &place_);
    if (!is_listed_) {
      finish(too_many_calls());
      return;
    }
  }
  const frontend::RequestReader read = [request](google::protobuf::Message* message) {
    return read_message(const_cast<grpc::ByteBuffer*>(request), message);
  };
  const auto done = [this](Status status) { finish(std::move(status)); };
  ticket_.store(method_.service != nullptr
                    ? method_.service->call(method_.name, read, response_.get(), done)
                    : calls_.frontend().call(method_.name, read, response_.get(), options, done));
  context->GetRpcAllocatorState()->FreeRequest();
  if (method_.may_wait && calls_.draining()) {
    cancel();
  }
}

void UnaryCall::cancel() {
  const std::uint64_t ticket = ticket_.load();
  if (ticket == 0 || finished_.load()) {
    return;
  }
  if (method_.service != nullptr) {
    method_.service->cancel(ticket);
  } else {
    calls_.frontend().cancel(ticket);
  }
}

void UnaryCall::finish(Status status) {
  finished_.store(true);
  if (is_listed_) {
    calls_.remove_poll(place_);
  }
  if (status.code() == Code::kCancelled && method_.empty_ends && calls_.draining()) {
    response_->Clear();
    status = Status();
  }
  const auto took = std::chrono::steady_clock::now() - begun_;
  method_.counters.count(status.code(), took, !method_.may_wait);
  if (status.ok()) {
    *response_bytes_ = write_message(*response_);
    answer_ = calls_.answers().add(call_, response_bytes_->Length());
    response_.reset();
    Finish(grpc::Status::OK);
    return;
  }
  log_failure(status, took);
  const WireStatus wire = to_wire(status);
  response_.reset();
  Finish(grpc::Status(static_cast<grpc::StatusCode>(wire.code), wire.message, wire.details));
}

void UnaryCall::log_failure(const Status& status, std::chrono::nanoseconds took) const {
  const bool ours =
      status.code() == Code::kInternal || status.code() == Code::kUnknown || status.code() == Code::kDataLoss;
  const LogLevel level = ours ? LogLevel::kWarning : LogLevel::kDebug;
  if (calls_.log() == nullptr || !calls_.log()->writes(level)) {
    return;
  }
  const std::string micros = std::to_string(took / std::chrono::microseconds(1));
  calls_.log()->write(level, "call_failed",
                      {{"method", method_.name},
                       {"code", code_name(status.code())},
                       {"message", status.message()},
                       {"took_us", micros}});
}

}  // namespace perdure::server
