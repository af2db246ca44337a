#pragma once
// One call under way: parsed, given to the frontend, answered. Deletes itself when gRPC is done with it.
#include <google/protobuf/message.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/status.h"
#include "server/dispatcher.h"
#include "server/method.h"

namespace perdure::server {

class UnaryCall final : public grpc::ServerUnaryReactor {
 public:
  // Gives the request to the frontend. gRPC answers OnCancel and OnDone only after this returned.
  static UnaryCall* begin(Calls& calls, const Method& method, grpc::CallbackServerContext* context,
                          const grpc::ByteBuffer* request, grpc::ByteBuffer* response);

  // Ends a poll that waits.
  void cancel();

  void OnCancel() override { cancel(); }
  void OnDone() override { delete this; }
  // Neither of the two waits for anything, so gRPC needs no other thread to call them: a seventh of a call.
  bool InternalInlineable() override { return true; }

 private:
  UnaryCall(Calls& calls, const Method& method, grpc_call* call, grpc::ByteBuffer* response_bytes);
  ~UnaryCall() override;

  void run(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request);
  void finish(Status status);
  void log_failure(const Status& status, std::chrono::nanoseconds took) const;

  Calls& calls_;
  const Method& method_;
  grpc_call* const call_;
  grpc::ByteBuffer* response_bytes_;
  std::unique_ptr<google::protobuf::Message> response_;
  std::atomic<std::uint64_t> ticket_{0};  // 0: the frontend has not given it yet
  std::atomic<bool> finished_{false};
  const std::chrono::steady_clock::time_point begun_;
  std::optional<UnreadAnswers::Place> answer_;
  const bool admitted_;
  bool is_listed_ = false;
  Calls::Polls::iterator place_;
};

}  // namespace perdure::server
